WITH data AS (
SELECT date_trunc('minute', t0."noted") AS c0, count(*) AS c1
FROM "public"."orders" AS t0
GROUP BY date_trunc('minute', t0."noted")
),
missing AS (
SELECT moment AS c0
FROM generate_series(date_trunc('minute', CAST((SELECT min(c0) FROM data WHERE isfinite(c0)) AS timestamp)), (SELECT max(c0) FROM data WHERE isfinite(c0)), INTERVAL '1 minute') AS moment
EXCEPT
SELECT c0 FROM data
)
SELECT c0, c1 FROM data
UNION ALL
SELECT c0, CAST($1 AS bigint) FROM missing
ORDER BY c0 ASC NULLS LAST
LIMIT CAST($2 AS bigint)

-- $1 = 0
-- $2 = 11
