SELECT count(*) AS c0
FROM "public"."orders" AS t0
LIMIT CAST($1 AS bigint)

-- $1 = 11
