WITH data AS (
SELECT date_trunc('week', t0."made", CAST($1 AS text)) AS c0, count(*) AS c1
FROM "public"."orders" AS t0
GROUP BY date_trunc('week', t0."made", CAST($1 AS text))
),
missing AS (
SELECT moment AT TIME ZONE CAST($1 AS text) AS c0
FROM generate_series(date_trunc('week', CAST($3 AS timestamp with time zone) AT TIME ZONE CAST($1 AS text)), (CAST($4 AS timestamp with time zone) - INTERVAL '1 microsecond') AT TIME ZONE CAST($1 AS text), INTERVAL '7 days') AS moment
EXCEPT
SELECT c0 FROM data
)
SELECT c0, c1 FROM data
UNION ALL
SELECT c0, CAST($2 AS bigint) FROM missing
ORDER BY c0 ASC NULLS LAST
LIMIT CAST($5 AS bigint)

-- $1 = 'Europe/Berlin'
-- $2 = 0
-- $3 = datetime.datetime(2024, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
-- $4 = datetime.datetime(2024, 3, 8, 0, 0, tzinfo=datetime.timezone.utc)
-- $5 = 11
