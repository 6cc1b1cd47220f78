SELECT sum(t0."amount") AS c0, avg(t0."amount") AS c1, count(t0."amount") AS c2, count(DISTINCT t0."amount") AS c3, min(t0."amount") AS c4, max(t0."amount") AS c5, percentile_cont(0.5) WITHIN GROUP (ORDER BY t0."amount") AS c6, stddev_samp(t0."amount") AS c7, var_samp(t0."amount") AS c8
FROM "public"."orders" AS t0
LIMIT CAST($1 AS bigint)

-- $1 = 11
