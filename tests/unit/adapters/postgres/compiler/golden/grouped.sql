SELECT date_trunc('day', t0."made", CAST($1 AS text)) AS c0, count(*) AS c1
FROM "public"."orders" AS t0
GROUP BY date_trunc('day', t0."made", CAST($1 AS text))
LIMIT CAST($2 AS bigint)

-- $1 = 'Europe/Berlin'
-- $2 = 11
