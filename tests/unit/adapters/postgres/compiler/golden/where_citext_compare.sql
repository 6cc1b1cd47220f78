SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE t0."email" OPERATOR(public.=) CAST(CAST($1 AS text) AS public.citext)
LIMIT CAST($2 AS bigint)

-- $1 = 'A@B.org'
-- $2 = 11
