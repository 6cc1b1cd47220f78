SELECT CAST(date_trunc('day', CAST(t0."day" AS timestamp)) AS date) AS c0, CAST(date_trunc('week', CAST(t0."day" AS timestamp)) AS date) AS c1, CAST(date_trunc('month', CAST(t0."day" AS timestamp)) AS date) AS c2, CAST(date_trunc('quarter', CAST(t0."day" AS timestamp)) AS date) AS c3, CAST(date_trunc('year', CAST(t0."day" AS timestamp)) AS date) AS c4
FROM "public"."orders" AS t0
LIMIT CAST($1 AS bigint)

-- $1 = 11
