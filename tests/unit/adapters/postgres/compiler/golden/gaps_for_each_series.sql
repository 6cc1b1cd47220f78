WITH data AS (
SELECT CAST(date_trunc('week', CAST(t0."day" AS timestamp)) AS date) AS c0, t0."region" AS c1, count(*) AS c2, max(t0."made") AS c3
FROM "public"."orders" AS t0
GROUP BY CAST(date_trunc('week', CAST(t0."day" AS timestamp)) AS date), t0."region"
),
missing AS (
SELECT c0, c1
FROM (
SELECT CAST(moment AS date) AS c0
FROM generate_series(date_trunc('week', CAST(CAST($2 AS date) AS timestamp)), (CAST($3 AS date) - INTERVAL '1 microsecond'), INTERVAL '7 days') AS moment
) AS buckets
CROSS JOIN (SELECT DISTINCT c1 FROM data) AS series
EXCEPT
SELECT c0, c1 FROM data
)
SELECT c0, c1, c2, c3 FROM data
UNION ALL
SELECT c0, c1, CAST($1 AS bigint), NULL FROM missing
ORDER BY c0 ASC NULLS LAST
LIMIT CAST($4 AS bigint)

-- $1 = 0
-- $2 = datetime.date(2024, 3, 1)
-- $3 = datetime.date(2024, 3, 8)
-- $4 = 11
