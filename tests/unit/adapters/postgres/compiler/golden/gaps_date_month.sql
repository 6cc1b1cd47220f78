WITH data AS (
SELECT CAST(date_trunc('month', CAST(t0."day" AS timestamp)) AS date) AS c0, count(*) AS c1
FROM "public"."orders" AS t0
GROUP BY CAST(date_trunc('month', CAST(t0."day" AS timestamp)) AS date)
),
missing AS (
SELECT CAST(moment AS date) AS c0
FROM generate_series(date_trunc('month', CAST(CAST($2 AS date) AS timestamp)), (CAST($3 AS date) - INTERVAL '1 microsecond'), INTERVAL '1 month') AS moment
EXCEPT
SELECT c0 FROM data
)
SELECT c0, c1 FROM data
UNION ALL
SELECT c0, CAST($1 AS bigint) FROM missing
ORDER BY c0 ASC NULLS LAST
LIMIT CAST($4 AS bigint)

-- $1 = 0
-- $2 = datetime.date(2024, 3, 1)
-- $3 = datetime.date(2024, 3, 8)
-- $4 = 11
