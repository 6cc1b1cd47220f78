SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE (t0."made" >= CAST($1 AS timestamp with time zone) AND t0."made" <= CAST($2 AS timestamp with time zone))
LIMIT CAST($3 AS bigint)

-- $1 = datetime.datetime(2024, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
-- $2 = datetime.datetime(2024, 1, 8, 0, 0, tzinfo=datetime.timezone.utc)
-- $3 = 11
