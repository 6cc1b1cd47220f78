SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE t0."name" LIKE CAST($1 AS text)
LIMIT CAST($2 AS bigint)

-- $1 = "a%'"
-- $2 = 11
