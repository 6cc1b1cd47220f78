SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE ((t0."amount" > CAST($1 AS numeric) AND NOT ((t0."name" IS NULL OR t0."mood" = CAST(CAST($2 AS text) AS public.mood)))) OR (t0."mood" = CAST(CAST($3 AS text) AS public.mood)) OR NOT (NOT (t0."name" IS NULL)))
LIMIT CAST($4 AS bigint)

-- $1 = Decimal('10.00')
-- $2 = 'happy'
-- $3 = 'happy'
-- $4 = 11
