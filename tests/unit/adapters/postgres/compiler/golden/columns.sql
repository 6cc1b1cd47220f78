SELECT t0."amount" AS c0, t0."day" AS c1, t0."a""b; -- $1 ✈️
" AS c2
FROM "public"."orders" AS t0
LIMIT CAST($1 AS bigint)

-- $1 = 11
