SELECT date_trunc('day', t0."made", CAST($1 AS text)) AS c0, date_trunc('day', t0."made", CAST($2 AS text)) AS c1, date_trunc('hour', t0."made", CAST($1 AS text)) AS c2
FROM "public"."orders" AS t0
LIMIT CAST($3 AS bigint)

-- $1 = 'Europe/Berlin'
-- $2 = 'America/New_York'
-- $3 = 11
