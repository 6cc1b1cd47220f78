SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE t0."name" NOT ILIKE CAST($1 AS text)
LIMIT CAST($2 AS bigint)

-- $1 = 'x\' OR 1=1; -- $1 "'
-- $2 = 11
