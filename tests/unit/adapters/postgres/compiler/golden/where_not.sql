SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE NOT (t0."amount" > CAST($1 AS numeric))
LIMIT CAST($2 AS bigint)

-- $1 = Decimal('10.00')
-- $2 = 11
