"""Definitions shared by the tables of all services."""

from sqlalchemy import Column, DateTime, MetaData, Table, Text, func

NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}


def schema_metadata(schema: str) -> MetaData:
    """Create the metadata of one service's schema. Constraints get the names that PostgreSQL would choose."""
    return MetaData(schema=schema, naming_convention=NAMING)


def moment(name: str, *, default: bool = False, nullable: bool = False) -> Column[object]:
    """Create a `timestamptz` column. `default` sets the start of the transaction."""
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=func.now() if default else None)


def offsets_table(metadata: MetaData) -> Table:
    """Create the table of `LogOffset`."""
    return Table(
        "offsets",
        metadata,
        Column("reader", Text, primary_key=True),
        Column("position", Text, nullable=False),
        moment("updated_at", default=True),
    )
