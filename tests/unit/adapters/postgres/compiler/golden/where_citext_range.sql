SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE (t0."email" OPERATOR(public.>=) CAST(CAST($1 AS text) AS public.citext) AND t0."email" OPERATOR(public.<=) CAST(CAST($2 AS text) AS public.citext))
LIMIT CAST($3 AS bigint)

-- $1 = 'A@B.org'
-- $2 = 'A@B.org'
-- $3 = 11
