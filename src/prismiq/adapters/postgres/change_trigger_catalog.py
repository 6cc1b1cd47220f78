"""Statements about the triggers that announce changes, and about where they belong."""

SCHEMA = "prismiq"
FUNCTION = f"{SCHEMA}.announce_change()"
TRIGGER = "prismiq_announce_change"

# An UPDATE or DELETE of a parent changes rows of its heirs and fires no trigger of theirs. For a
# partition the root stands, whose other partitions need not be looked at.
FUNCTION_BODY = """
DECLARE
    root oid := pg_partition_root(TG_RELID);
BEGIN
    IF root IS NOT NULL THEN
        PERFORM pg_notify('prismiq_changes', json_build_array(n.nspname, c.relname)::text)
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = root;
    ELSE
        PERFORM pg_notify('prismiq_changes', json_build_array(n.nspname, c.relname)::text)
        FROM (
            WITH RECURSIVE heir (oid) AS (
                SELECT TG_RELID
                UNION
                SELECT i.inhrelid
                FROM heir AS h
                JOIN pg_inherits AS i ON i.inhparent = h.oid
                WHERE TG_OP <> 'INSERT'
            )
            SELECT oid FROM heir
        ) AS h
        JOIN pg_class AS c ON c.oid = h.oid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace;
    END IF;
    RETURN NULL;
END
"""

CREATE_SCHEMA = """
CREATE SCHEMA prismiq;
GRANT USAGE ON SCHEMA prismiq TO PUBLIC;
COMMENT ON SCHEMA prismiq IS 'Made by prismiq changes install';
"""

# It runs as whoever writes to the table, so nothing it names may be found in a schema of theirs.
CREATE_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {FUNCTION} RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $body${FUNCTION_BODY}$body$
"""

READ_INSTALLATION = """
SELECT
    EXISTS (SELECT FROM pg_namespace WHERE nspname = 'prismiq') AS has_schema,
    f.oid AS function,
    f.prosrc AS body,
    pg_has_role(f.proowner, 'USAGE') AS is_owned,
    pg_get_userbyid(f.proowner) AS owner
FROM (VALUES (1)) AS one
LEFT JOIN (
    pg_proc AS f
    JOIN pg_namespace AS n ON n.oid = f.pronamespace AND n.nspname = 'prismiq'
) ON f.proname = 'announce_change' AND f.pronargs = 0
"""

# Who owns the function could replace it by one that acts as whoever writes to the tables.
READ_DISTRUST = """
SELECT json_build_array(n.nspname, c.relname)::text
FROM unnest($1::text[], $2::text[]) AS wanted (schema_name, table_name)
JOIN pg_namespace AS n ON n.nspname = wanted.schema_name
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.table_name
JOIN pg_proc AS f
    ON f.proname = 'announce_change' AND f.pronargs = 0
    AND f.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'prismiq')
WHERE NOT pg_has_role(f.proowner, c.relowner, 'MEMBER')
LIMIT 1
"""

# The bits of tgtype say: after each statement of INSERT (4), DELETE (8), UPDATE (16) and TRUNCATE
# (32), neither for each row (1) nor before it (2).
READ_PLACES = """
WITH RECURSIVE
    named AS (
        SELECT DISTINCT c.oid
        FROM unnest($1::text[], $2::text[]) AS wanted (schema_name, table_name)
        JOIN pg_namespace AS n ON n.nspname = wanted.schema_name
        JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.table_name
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ),
    member (top, oid) AS (
        SELECT oid, oid FROM named
        UNION
        SELECT m.top, i.inhrelid
        FROM member AS m
        JOIN pg_inherits AS i ON i.inhparent = m.oid
    ),
    relation AS (
        SELECT
            c.oid,
            c.relkind,
            c.relispartition,
            n.nspname = 'information_schema' OR n.nspname LIKE 'pg\\_%' AS is_system,
            json_build_array(n.nspname, c.relname) AS name,
            pg_has_role(c.relowner, 'USAGE') AS is_owned,
            EXISTS (
                SELECT
                FROM pg_trigger AS t
                JOIN pg_proc AS f ON f.oid = t.tgfoid AND f.proname = 'announce_change'
                JOIN pg_namespace AS s ON s.oid = f.pronamespace AND s.nspname = 'prismiq'
                WHERE t.tgrelid = c.oid
                  AND t.tgname = 'prismiq_announce_change'
                  AND t.tgtype = 60
                  AND t.tgenabled = 'A'
                  AND t.tgqual IS NULL
                  AND t.tgattr = ''
            ) AS announces
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid IN (SELECT oid FROM member)
           OR c.oid IN (SELECT pg_partition_root(oid) FROM named)
    )
SELECT coalesce(json_agg(json_build_array(
    t.name,
    t.relkind,
    t.is_system,
    CASE WHEN t.relispartition THEN (
        SELECT r.name FROM relation AS r WHERE r.oid = pg_partition_root(t.oid)
    ) END,
    (
        SELECT json_agg(json_build_array(p.name, p.relkind, p.announces, p.is_owned))
        FROM member AS m
        JOIN relation AS p ON p.oid = m.oid
        WHERE m.top = t.oid
    )
)), '[]')::text
FROM relation AS t
WHERE t.oid IN (SELECT oid FROM named)
"""

# Of any form: also one that was disabled or that an earlier version made.
READ_INSTALLED = """
SELECT json_build_array(n.nspname, c.relname)::text
FROM unnest($1::text[], $2::text[]) AS wanted (schema_name, table_name)
JOIN pg_namespace AS n ON n.nspname = wanted.schema_name
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.table_name
JOIN pg_trigger AS t ON t.tgrelid = c.oid AND t.tgname = 'prismiq_announce_change'
"""

IS_USED = "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgfoid = $1)"

HAS_OUR_EMPTY_SCHEMA = """
SELECT EXISTS (
    SELECT
    FROM pg_namespace AS n
    WHERE n.nspname = 'prismiq'
      AND pg_has_role(n.nspowner, 'USAGE')
      AND obj_description(n.oid, 'pg_namespace') = 'Made by prismiq changes install'
      AND NOT EXISTS (
          SELECT
          FROM pg_depend AS d
          WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
      )
)
"""
