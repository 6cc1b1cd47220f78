SELECT count(DISTINCT date_trunc('day', t0."made", CAST($1 AS text))) AS c0, max(CAST(date_trunc('month', CAST(t0."day" AS timestamp)) AS date)) AS c1
FROM "public"."orders" AS t0
LIMIT CAST($2 AS bigint)

-- $1 = 'Europe/Berlin'
-- $2 = 11
