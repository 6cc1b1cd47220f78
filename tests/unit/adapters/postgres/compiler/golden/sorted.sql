SELECT t0."person" AS c0, t0."region" AS c1
FROM "public"."orders" AS t0
ORDER BY c1 DESC NULLS LAST, c0 ASC NULLS LAST
LIMIT CAST($1 AS bigint)

-- $1 = 11
