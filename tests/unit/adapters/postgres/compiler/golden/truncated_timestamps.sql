SELECT date_trunc('minute', t0."noted") AS c0, date_trunc('hour', t0."noted") AS c1, date_trunc('day', t0."noted") AS c2, date_trunc('week', t0."noted") AS c3, date_trunc('month', t0."noted") AS c4, date_trunc('quarter', t0."noted") AS c5, date_trunc('year', t0."noted") AS c6
FROM "public"."orders" AS t0
LIMIT CAST($1 AS bigint)

-- $1 = 11
