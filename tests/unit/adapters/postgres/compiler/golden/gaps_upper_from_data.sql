WITH data AS (
SELECT date_trunc('hour', t0."made", CAST($1 AS text)) AS c0, count(*) AS c1
FROM "public"."orders" AS t0
GROUP BY date_trunc('hour', t0."made", CAST($1 AS text))
),
missing AS (
SELECT date_trunc('hour', moment, CAST($1 AS text)) AS c0
FROM generate_series(CAST($3 AS timestamp with time zone), (SELECT max(c0) FROM data WHERE isfinite(c0)) + INTERVAL '15 minutes', INTERVAL '15 minutes') AS moment
WHERE date_trunc('hour', moment, CAST($1 AS text)) <= date_trunc('hour', (SELECT max(c0) FROM data WHERE isfinite(c0)), CAST($1 AS text))
EXCEPT
SELECT c0 FROM data
)
SELECT c0, c1 FROM data
UNION ALL
SELECT c0, CAST($2 AS bigint) FROM missing
ORDER BY c0 ASC NULLS LAST
LIMIT CAST($4 AS bigint)

-- $1 = 'UTC'
-- $2 = 0
-- $3 = datetime.datetime(2024, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
-- $4 = 11
