"""Which database answers, and as which role: what looks alike may still hold other rows."""

# A role sees what it is, what it is a member of, and whether policies bind it.
_ORIGIN = """
    SELECT md5(concat_ws(
        ' ', {server}, current_database(), u.oid, u.rolname, u.rolsuper, u.rolbypassrls,
        (SELECT md5(string_agg(CAST(r.oid AS text), ' ' ORDER BY r.oid))
         FROM pg_roles AS r WHERE pg_has_role(r.oid, 'USAGE'))
    ))
    FROM pg_roles AS u
    WHERE u.rolname = current_user
"""

ORIGIN = _ORIGIN.format(server="(SELECT system_identifier FROM pg_control_system())")
"""SQL for a digest of the server, the database and the role.

Replicas have the identifier of their primary; every other cluster has its own.
"""
ORIGIN_WITHOUT_SERVER = _ORIGIN.format(server="''")
"""For roles that may not ask for the server's identifier. All may, unless that was revoked."""
