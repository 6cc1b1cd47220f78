SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE t0."name" = ANY(CAST($1 AS text[]))
LIMIT CAST($2 AS bigint)

-- $1 = ('a', "b'")
-- $2 = 11
