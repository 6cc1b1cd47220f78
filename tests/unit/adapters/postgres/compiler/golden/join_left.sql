SELECT t0."person" AS c0, t0."region" AS c1
FROM "public"."orders" AS t0
LEFT JOIN "odd""schema"."sel ect" AS t1 ON t0."person" = t1."id"
LIMIT CAST($1 AS bigint)

-- $1 = 11
