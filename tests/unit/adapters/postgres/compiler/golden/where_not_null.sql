SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE t0."name" IS NOT NULL
LIMIT CAST($1 AS bigint)

-- $1 = 11
