SELECT t0."person" AS c0, t0."region" AS c1
FROM "public"."orders" AS t0
LIMIT CAST($1 AS bigint)
OFFSET CAST($2 AS bigint)

-- $1 = 11
-- $2 = 20
