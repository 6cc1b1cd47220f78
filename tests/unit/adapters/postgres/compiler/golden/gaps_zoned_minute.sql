WITH data AS (
SELECT date_trunc('minute', t0."made", CAST($1 AS text)) AS c0, count(*) AS c1
FROM "public"."orders" AS t0
GROUP BY date_trunc('minute', t0."made", CAST($1 AS text))
),
missing AS (
SELECT date_trunc('minute', moment, CAST($1 AS text)) AS c0
FROM generate_series(CAST($3 AS timestamp with time zone), (CAST($4 AS timestamp with time zone) - INTERVAL '1 microsecond') + INTERVAL '30 seconds', INTERVAL '30 seconds') AS moment
WHERE date_trunc('minute', moment, CAST($1 AS text)) <= date_trunc('minute', (CAST($4 AS timestamp with time zone) - INTERVAL '1 microsecond'), CAST($1 AS text))
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
