SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE date_trunc('day', t0."made", CAST($1 AS text)) <= CAST($2 AS timestamp with time zone)
LIMIT CAST($3 AS bigint)

-- $1 = 'Asia/Tokyo'
-- $2 = datetime.datetime(2024, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
-- $3 = 11
