SELECT DISTINCT c0
FROM (
SELECT t0."region" AS c0
FROM "public"."orders" AS t0
WHERE t0."region" IS NOT NULL
LIMIT CAST($1 AS bigint)
) AS scanned
ORDER BY c0
LIMIT CAST($2 AS bigint)

-- $1 = 1000
-- $2 = 6
