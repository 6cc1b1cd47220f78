SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE (t0."amount" > CAST($1 AS numeric) AND t0."name" IS NULL AND (t0."made" >= CAST($2 AS timestamp with time zone) AND t0."made" < CAST($3 AS timestamp with time zone)))
LIMIT CAST($4 AS bigint)

-- $1 = Decimal('10.00')
-- $2 = datetime.datetime(2024, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
-- $3 = datetime.datetime(2024, 1, 8, 0, 0, tzinfo=datetime.timezone.utc)
-- $4 = 11
