"""One statement that reads from the catalog which tables every table and view depends on.

Dependencies on objects of users are recorded in ``pg_depend``. Those on what is built in are not;
they are found in the stored parse trees of views and policies, whose text names functions and
relations by their numbers. In that text spaces within names and constants are escaped, so nobody's
column can look like one of its fields.

``$1`` is the list of schema names.
"""

# Functions that are only stable because they look at settings that are the same in all our
# sessions: the time zone, formats, encodings and the text search configuration.
_SETTLED_FUNCTIONS = """
    SELECT unnest('{
        array_to_json, array_to_string, concat, concat_ws, convert, convert_from, convert_to, date,
        date_add, date_part, date_subtract, date_trunc, enum_first, enum_last, enum_range, extract,
        format, generate_series, length, make_timestamptz, money, numeric, overlaps,
        pg_collation_for, pg_typeof, phraseto_tsquery, plainto_tsquery, quote_literal,
        quote_nullable, row_to_json, time, timestamp, timestamptz, timezone, to_char, to_date,
        to_json, to_jsonb, to_number, to_timestamp, to_tsquery, to_tsvector, ts_headline,
        websearch_to_tsquery, xml, xml_is_well_formed
    }'::name[])
"""

_SYSTEM_SCHEMAS = """
    SELECT oid
    FROM pg_namespace
    WHERE nspname IN ('pg_catalog', 'information_schema')
"""

# Roots are members of themselves.
_MEMBERS = """
    SELECT c.oid AS root, c.oid
    FROM pg_class AS c
    WHERE c.relkind = 'p' AND NOT c.relispartition
    UNION ALL
    SELECT m.root, i.inhrelid
    FROM member AS m
    JOIN pg_inherits AS i ON i.inhparent = m.oid
"""

# What is evaluated when a relation is read. System views are unknown whatever is in them.
_EXPRESSIONS = """
    SELECT
        r.ev_class AS relation,
        'pg_rewrite'::regclass AS class,
        r.oid,
        r.ev_action::text AS tree,
        false AS is_policy
    FROM pg_rewrite AS r
    JOIN pg_class AS c ON c.oid = r.ev_class
    WHERE r.ev_type = '1'
      AND c.relkind = 'v'
      AND c.relnamespace NOT IN (SELECT oid FROM system_schema)
    UNION ALL
    SELECT p.polrelid, 'pg_policy'::regclass, p.oid, p.polqual::text, true
    FROM pg_policy AS p
    JOIN pg_class AS c ON c.oid = p.polrelid
    WHERE c.relrowsecurity AND p.polcmd IN ('r', '*')
"""

# From a relation to those that are read with it. Partitions are not followed: there may be
# thousands, and their root stands for them.
_STEPS = """
    SELECT e.relation AS reader, d.refobjid AS oid
    FROM expression AS e
    JOIN pg_depend AS d ON d.classid = e.class AND d.objid = e.oid
    JOIN pg_class AS c ON c.oid = d.refobjid
    WHERE d.refclassid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION
    SELECT i.inhparent, i.inhrelid
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE NOT c.relispartition
"""

# Not UNION ALL: policies may read one another's tables, and views can be replaced into circles.
_READS = """
    SELECT c.oid AS relation, c.oid
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (CAST($1 AS text[]))
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT c.relispartition
    UNION
    SELECT r.relation, s.oid
    FROM reading AS r
    JOIN step AS s ON s.reader = r.oid
"""

_OPAQUE_RELATIONS = """
    SELECT c.oid
    FROM pg_class AS c
    WHERE c.relkind IN ('f', 'S') OR c.relnamespace IN (SELECT oid FROM system_schema)
    UNION ALL
    SELECT m.oid
    FROM member AS m
    JOIN pg_class AS c ON c.oid = m.oid
    WHERE c.relkind = 'p' AND m.root IN (
        SELECT f.root
        FROM member AS f
        JOIN pg_class AS c ON c.oid = f.oid
        WHERE c.relkind = 'f'
    )
"""

_REACHED_EXPRESSIONS = """
    SELECT e.*
    FROM expression AS e
    WHERE e.relation IN (SELECT oid FROM reading)
"""

# pg_depend names the operator and not its function. For a policy it names those of WITH CHECK
# too, which is more than needed.
_CALLS_OF_USER_FUNCTIONS = """
    SELECT e.relation
    FROM reached_expression AS e
    JOIN pg_depend AS d ON d.classid = e.class AND d.objid = e.oid
    LEFT JOIN pg_operator AS o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
    LEFT JOIN pg_proc AS f ON f.oid = o.oprcode
    LEFT JOIN pg_language AS l ON l.oid = f.prolang
    WHERE d.refclassid = 'pg_proc'::regclass
       OR d.refclassid = 'pg_operator'::regclass
      AND NOT (f.provolatile = 'i' AND l.lanname IN ('c', 'internal'))
"""

# Built-in operators, aggregates and window functions are all settled. Of a time with time zone even
# settled functions ask which day it is today. The first value functions are those of time, 9 and
# above those of the user and the database.
_UNSETTLED_BUILT_INS = """
    SELECT e.relation
    FROM reached_expression AS e
    CROSS JOIN LATERAL regexp_matches(
        e.tree, ':(?:funcid|tsmhandler) ([0-9]+)', 'g'
    ) AS found (numbers)
    JOIN pg_proc AS f ON f.oid = CAST(found.numbers[1] AS oid)
    WHERE f.provolatile = 'v'
       OR f.provolatile = 's'
      AND NOT (e.is_policy AND f.proname = 'current_setting')
      AND (
          'timetz'::regtype = ANY (f.proargtypes)
          OR f.proname NOT IN (SELECT name FROM settled_function) AND f.proname !~ '^jsonb?_'
      )
    UNION ALL
    SELECT e.relation
    FROM reached_expression AS e
    WHERE e.tree ~ CASE
        WHEN e.is_policy THEN 'SQLVALUEFUNCTION :op [0-8] '
        ELSE 'SQLVALUEFUNCTION '
    END
    UNION ALL
    SELECT e.relation
    FROM reached_expression AS e
    CROSS JOIN LATERAL regexp_matches(e.tree, ':relid ([0-9]+)', 'g') AS found (numbers)
    JOIN pg_class AS c ON c.oid = CAST(found.numbers[1] AS oid)
    WHERE c.relnamespace IN (SELECT oid FROM system_schema)
"""

_TABLES_READ = """
    SELECT DISTINCT r.relation, coalesce(m.root, r.oid) AS oid
    FROM reading AS r
    JOIN pg_class AS c ON c.oid = r.oid AND c.relkind <> 'v'
    LEFT JOIN member AS m ON m.oid = r.oid
"""

_UNKNOWN = """
    SELECT DISTINCT r.relation
    FROM reading AS r
    WHERE r.oid IN (SELECT oid FROM opaque)
"""

_NAMES = """
    SELECT c.oid, json_build_array(n.nspname, c.relname) AS name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
"""

_ENTRIES = """
    SELECT t.relation AS oid, json_agg(n.name) AS reads
    FROM table_read AS t
    JOIN named AS n ON n.oid = t.oid
    GROUP BY t.relation
"""

_ENTRY_LIST = """
    SELECT json_agg(json_build_array(
        n.name,
        CASE WHEN u.relation IS NULL THEN coalesce(e.reads, '[]') END
    ))
    FROM (SELECT DISTINCT relation FROM reading) AS r
    JOIN named AS n ON n.oid = r.relation
    LEFT JOIN entry AS e ON e.oid = r.relation
    LEFT JOIN unknown_relation AS u ON u.relation = r.relation
"""

_ROOT_LIST = """
    SELECT json_agg(json_build_array(leaf.name, root.name))
    FROM member AS m
    JOIN named AS leaf ON leaf.oid = m.oid
    JOIN named AS root ON root.oid = m.root
    WHERE m.oid <> m.root AND m.root IN (SELECT oid FROM table_read)
"""

# Numbers of columns never come back, so a column that is dropped and added again is another one.
_DEFINITIONS = """
    SELECT md5(string_agg(part, ' ' ORDER BY part))
    FROM (
        SELECT md5(concat_ws(' ', e.relation, e.tree)) AS part
        FROM reached_expression AS e
        UNION ALL
        SELECT md5(concat_ws(' ', c.oid, c.relrowsecurity, c.relforcerowsecurity, c.relacl))
        FROM pg_class AS c
        WHERE c.oid IN (SELECT oid FROM reading)
        UNION ALL
        SELECT md5(string_agg(concat_ws(' ', a.attnum, a.atttypid), ' ' ORDER BY a.attnum))
        FROM pg_attribute AS a
        WHERE a.attrelid IN (SELECT oid FROM reading) AND a.attnum > 0 AND NOT a.attisdropped
        GROUP BY a.attrelid
    ) AS defined
"""


def read_dependencies(origin: str) -> str:
    """Return the statement, with an expression that tells where its answer is from."""
    return f"""
WITH RECURSIVE
    settled_function (name) AS ({_SETTLED_FUNCTIONS}),
    system_schema AS ({_SYSTEM_SCHEMAS}),
    member (root, oid) AS ({_MEMBERS}),
    expression AS ({_EXPRESSIONS}),
    step AS MATERIALIZED ({_STEPS}),
    reading (relation, oid) AS ({_READS}),
    reached_expression AS ({_REACHED_EXPRESSIONS}),
    opaque (oid) AS (
        {_OPAQUE_RELATIONS} UNION ALL {_CALLS_OF_USER_FUNCTIONS} UNION ALL {_UNSETTLED_BUILT_INS}
    ),
    table_read AS MATERIALIZED ({_TABLES_READ}),
    unknown_relation AS ({_UNKNOWN}),
    named AS ({_NAMES}),
    entry AS ({_ENTRIES})
SELECT json_build_object(
    'reads', coalesce(({_ENTRY_LIST}), '[]'),
    'roots', coalesce(({_ROOT_LIST}), '[]'),
    'definitions', coalesce(({_DEFINITIONS}), ''),
    'origin', ({origin})
)::text
"""
