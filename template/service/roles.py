"""What the service may do in its database: the tables are those of another role, its owner."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

RIGHTS = (
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {role}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
)
# What others write: who migrates, and who proves backups.
READ_ONLY = ("django_migrations", "service_backupproof")


def let_in(connection: psycopg.Connection[Any], role: str) -> None:
    """Let a role do what the service does, and no more; where it is the owner, nothing changes.

    Parameters
    ----------
    connection
        Of the owner, to the database.
    role
        The role that the service has; empty where it is the owner.
    """
    owner, database = connection.execute("SELECT current_user, current_database()").fetchone() or (
        "",
        "",
    )
    if role in ("", owner):
        return
    named = {"database": sql.Identifier(database), "role": sql.Identifier(role)}
    for right in RIGHTS:
        connection.execute(sql.SQL(right).format(**named))
    for table in READ_ONLY:
        there = connection.execute("SELECT to_regclass(%s)", [f"public.{table}"]).fetchone()
        if there and there[0]:
            revoked = sql.SQL("REVOKE INSERT, UPDATE, DELETE ON public.{table} FROM {role}")
            connection.execute(revoked.format(table=sql.Identifier(table), role=named["role"]))
