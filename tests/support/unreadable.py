"""Entries of the event log that no release writes, and how many of them a service reports."""

from typing import TypeAlias

import httpx
from darkroom_queue import QueueClient

from support.waiting import until

Fields: TypeAlias = tuple[bytes, ...]
NOT_UTF8: Fields = (b"p", b"\xff\xfe", b"e", b"\xff\xfe")
NO_EVENT: Fields = (b"p", b"{}", b"e", b"{}")


async def add_unreadable(link: QueueClient) -> None:
    """Append one entry of each kind to the log, as any client of Redis may, and wait until events get later ids."""
    for fields in (NOT_UTF8, NO_EVENT):
        entry_id: str = await link.command("XADD", link.keys.log, "*", *fields)
    await until(lambda: clock_is_past(link, int(entry_id.partition("-")[0])))


async def clock_is_past(link: QueueClient, ms: int) -> bool:
    """Tell whether the next event of the log gets a later time than `ms`."""
    seconds, micros = await link.command("TIME")
    return int(seconds) * 1000 + int(micros) // 1000 > ms


async def unreadable_entries(http: httpx.AsyncClient, loop: str) -> int:
    """Return how many entries one loop of a service has passed by, of its metrics."""
    series = f'darkroom_items_rejected_total{{loop="{loop}",reason="UnreadableEntry"}} '
    lines = (await http.get("/metrics")).text.splitlines()
    return sum(int(float(line.removeprefix(series))) for line in lines if line.startswith(series))
