SELECT t0."person" AS c0, t0."region" AS c1
FROM "public"."orders" AS t0
ORDER BY t0."made" ASC NULLS LAST, date_trunc('day', t0."made", CAST($1 AS text)) DESC NULLS LAST
LIMIT CAST($2 AS bigint)

-- $1 = 'Europe/Berlin'
-- $2 = 11
