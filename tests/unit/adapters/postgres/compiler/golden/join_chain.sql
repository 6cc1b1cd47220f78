SELECT t0."person" AS c0, t0."region" AS c1
FROM "public"."orders" AS t0
LEFT JOIN "public"."stock" AS t2 ON t0."person" = t2."id"
JOIN "odd""schema"."sel ect" AS t1 ON t2."manager" = t1."id"
LIMIT CAST($1 AS bigint)

-- $1 = 11
