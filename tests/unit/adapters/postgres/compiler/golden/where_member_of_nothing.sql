SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE t0."amount" = ANY(CAST($1 AS numeric[]))
LIMIT CAST($2 AS bigint)

-- $1 = ()
-- $2 = 11
