SELECT date_trunc('minute', t0."made", CAST($1 AS text)) AS c0, date_trunc('hour', t0."made", CAST($1 AS text)) AS c1, date_trunc('day', t0."made", CAST($1 AS text)) AS c2, date_trunc('week', t0."made", CAST($1 AS text)) AS c3, date_trunc('month', t0."made", CAST($1 AS text)) AS c4, date_trunc('quarter', t0."made", CAST($1 AS text)) AS c5, date_trunc('year', t0."made", CAST($1 AS text)) AS c6
FROM "public"."orders" AS t0
LIMIT CAST($2 AS bigint)

-- $1 = 'Asia/Kolkata'
-- $2 = 11
