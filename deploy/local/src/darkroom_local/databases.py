"""Roles, schemas and URLs on the embedded PostgreSQL: each service owns one schema and can read no other."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from darkroom_local.errors import ProcessFailed

DATABASE = "darkroom"


@dataclass(frozen=True)
class SchemaOwner:
    """A role and the schema that it owns."""

    role: str
    schema: str
    password: str

    def url(self, port: int) -> str:
        return f"postgresql://{self.role}:{self.password}@127.0.0.1:{port}/{DATABASE}"


def make_databases(server_url: str, database_url: str, owners: list[SchemaOwner]) -> None:
    """Create the database and each owner's role and schema if missing, and set the passwords; raises ProcessFailed."""
    try:
        _make_databases(server_url, database_url, owners)
    except psycopg.Error as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ProcessFailed(f"The embedded PostgreSQL can't be prepared: {reason}.") from error


def _make_databases(server_url: str, database_url: str, owners: list[SchemaOwner]) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(database_url) as connection:
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        for owner in owners:
            _make_owner(connection, owner)


def _make_owner(connection: psycopg.Connection, owner: SchemaOwner) -> None:
    role, schema = sql.Identifier(owner.role), sql.Identifier(owner.schema)
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner.role]).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    for statement in (
        sql.SQL("ALTER ROLE {role} PASSWORD {password}"),
        sql.SQL("ALTER ROLE {role} SET search_path = {schema}"),
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}"),
        sql.SQL("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role}"),
    ):
        connection.execute(
            statement.format(
                role=role, schema=schema, password=sql.Literal(owner.password), database=sql.Identifier(DATABASE)
            )
        )
