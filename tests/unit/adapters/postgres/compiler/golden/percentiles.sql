SELECT percentile_cont(CAST($1 AS double precision)) WITHIN GROUP (ORDER BY t0."amount") AS c0, percentile_cont(CAST($2 AS double precision)) WITHIN GROUP (ORDER BY t0."amount") AS c1, percentile_cont(CAST($3 AS double precision)) WITHIN GROUP (ORDER BY t0."amount") AS c2
FROM "public"."orders" AS t0
LIMIT CAST($4 AS bigint)

-- $1 = 0.95
-- $2 = 0
-- $3 = 1
-- $4 = 11
