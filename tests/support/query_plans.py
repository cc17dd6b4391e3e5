"""What a statement does at the database: the indexes that it uses, and how many rows it looks at."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, text
from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement as it was carried out."""

    indexes: frozenset[str]
    scanned: frozenset[str]
    """Tables that were read from the first to the last row."""
    rows: int
    """Rows of tables and indexes that were looked at, also those that were left out afterwards."""
    text: str


def plan_of(connection: Connection, statement: ClauseElement, parameters: Mapping[str, Any] | None = None) -> Plan:
    """Carry a statement out and tell how. Call it in a transaction that is rolled back."""
    sql = str(statement)
    if parameters is None:
        written = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        sql = str(written).replace("%%", "%").replace(":", r"\:")
    [[plan]] = connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}"), parameters or {})
    nodes = list(_nodes(plan[0]["Plan"]))
    return Plan(
        indexes=frozenset(node["Index Name"] for node in nodes if "Index Name" in node),
        scanned=frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
        rows=sum(map(_rows, (node for node in nodes if "Relation Name" in node or "Index Name" in node))),
        text=json.dumps(plan, indent=1),
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:  # Any: JSON of the server
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _rows(node: dict[str, Any]) -> int:
    left_out = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int((node["Actual Rows"] + left_out) * node["Actual Loops"])
