"""The format of the event log: stream entries, each with events as lines of tab-separated fields.

`lua/parts/events.lua` writes them. The functions raise `ValueError` for any other format; its text does not quote the
event.
"""

from collections.abc import Sequence

from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, StepId, TenantId
from pydantic_core import from_json

Entry = tuple[str, list[str]]
"""The id, and the fields `p`, position before the entry, `e`, line, `e`, line…"""
Placed = tuple[EventId, Event]


def read_entry(entry: Entry, shard: int, epoch: int) -> list[Placed]:
    """Return the events of an entry, at least one, with none of an epoch later than `epoch`."""
    entry_id, fields = entry
    found = [read_line(line, shard) for line in fields[3::2]]
    if not found or found[-1][0].stream_id != entry_id:
        raise ValueError("its last event does not have the id of the entry")
    last = found[-1][0]
    for place, _ in found:
        if place.epoch > epoch:
            raise ValueError(f"it has an event of epoch {place.epoch}, and the present one is {epoch}")
        if place.ms > last.ms:
            raise ValueError("it has an event that is later than the entry")
    return found


def read_line(line: str, shard: int) -> Placed:
    """Parse one event."""
    place, epoch, kind, job, step, tenant, data = line.split("\t", 6)
    text = f"{shard}-{epoch}-{place}"
    event_id, fields = EventId.parse(text), from_json(data)
    if not isinstance(fields, dict):
        raise ValueError("the data of an event is not a JSON object")
    return event_id, Event(
        id=text, type=kind, job_id=JobId(job), tenant=TenantId(tenant), step_id=StepId(step) if step else None,
        at_ms=event_id.ms, data=fields,
    )  # fmt: skip


def place_before(entries: Sequence[Entry], shard: int) -> tuple[int, int] | None:
    """Return the position before the first readable one of `entries`; None if none is readable."""
    for entry_id, fields in entries:
        try:
            before = parse_place(fields[1])
            read_line(fields[3], shard)
        except (ValueError, IndexError):
            continue
        if before < parse_place(entry_id):
            return before
    return None


def parse_place(text: str) -> tuple[int, int]:
    """Parse `<ms>-<seq>`."""
    ms, _, seq = text.partition("-")
    return int(ms), int(seq)
