SELECT count(*) AS c0
FROM "public"."orders" AS t0
WHERE t0."mood" <> ALL(CAST(CAST($1 AS text[]) AS public.mood[]))
LIMIT CAST($2 AS bigint)

-- $1 = ('happy', 'sad')
-- $2 = 11
