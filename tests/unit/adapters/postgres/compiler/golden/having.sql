SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE t0."amount" > CAST($1 AS numeric)
HAVING (sum(t0."amount") > CAST($2 AS numeric) AND (percentile_cont(CAST($3 AS double precision)) WITHIN GROUP (ORDER BY t0."amount") >= CAST($4 AS numeric) AND percentile_cont(CAST($3 AS double precision)) WITHIN GROUP (ORDER BY t0."amount") <= CAST($5 AS numeric)))
LIMIT CAST($6 AS bigint)

-- $1 = Decimal('10.00')
-- $2 = Decimal('10.00')
-- $3 = 0.9
-- $4 = Decimal('10.00')
-- $5 = Decimal('10.00')
-- $6 = 11
