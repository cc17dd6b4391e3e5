"""Events per second from the log to a recorded attempt, beside a bare aiohttp loop that only signs and posts."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

import aiohttp
import psycopg
from darkroom_schemas.ids import new_uuid7
from receiver import Receiver, receiving
from stage import Stage, Tenant
from support.waiting import until

TENANTS = 20
PARALLEL = 160
"""Requests in flight at the peer: eight for each of the endpoints, as the dispatcher begins."""
_PENDING = "SELECT count(*) FROM webhooks.deliveries WHERE status = 'pending'"


@dataclass(slots=True)
class Side:
    """Events per second and processor seconds of each round."""

    rates: list[float]
    cpu_s: list[float]


@dataclass(slots=True)
class Throughput:
    """Both sides, of `events` each round."""

    events: int
    ours: Side
    bare: Side

    @property
    def ratio(self) -> float:
        """Return the median of the rounds' ratios of rates."""
        return median(ours / bare for ours, bare in zip(self.ours.rates, self.bare.rates, strict=True))


async def measure(stage: Stage, *, rounds: int, events: int) -> Throughput:
    """Let both sides deliver the same number of events in turn."""
    found = Throughput(events, Side([], []), Side([], []))
    async with receiving() as receiver:
        tenants = [await stage.subscribed(receiver.url) for _ in range(TENANTS)]
        for number in range(rounds + 1):  # the first warms up
            ours = await _dispatched(stage, receiver, [tenants[n % TENANTS] for n in range(events)])
            bare = await _posted(receiver, events)
            if number:
                for side, (rate, cpu_s) in ((found.ours, ours), (found.bare, bare)):
                    side.rates.append(rate)
                    side.cpu_s.append(cpu_s)
    return found


async def _dispatched(stage: Stage, receiver: Receiver, owners: Sequence[Tenant]) -> tuple[float, float]:
    receiver.expect(len(owners))
    cpu_s, began = stage.cpu_s(), perf_counter()
    for start in range(0, len(owners), 500):
        await stage.emit(owners[start : start + 500])
    async with await psycopg.AsyncConnection.connect(stage.database_url, autocommit=True) as connection:

        async def all_recorded() -> bool:
            [(pending,)] = await (await connection.execute(_PENDING)).fetchall()
            return bool(pending == 0)

        await receiver.complete.wait()
        await until(all_recorded)
    return len(owners) / (perf_counter() - began), stage.cpu_s() - cpu_s


async def _posted(receiver: Receiver, events: int) -> tuple[float, float]:
    """Sign and post as many events of the same size from a process of its own, so that both sides have one core."""
    receiver.expect(events)
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, receiver.url, str(events), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    rate, cpu_s = map(float, said.split())
    return rate, cpu_s


async def _bare(url: str, events: int) -> None:
    key, numbers = os.urandom(32), iter(range(events))
    data = {"job_id": new_uuid7(), "asset_id": new_uuid7(), "mime_type": "image/png", "event_id": "0-1-1-1"}

    async def post(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            body = json.dumps({"type": "asset.created", "timestamp": "2026-01-01T00:00:00Z",
                               "data": {**data, "sent": perf_counter()}}, separators=(",", ":")).encode()  # fmt: skip
            message_id, stamp = f"msg_{number}", str(int(time.time()))
            signed = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
            headers = {
                "Content-Type": "application/json", "webhook-id": message_id, "webhook-timestamp": stamp,
                "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
            }  # fmt: skip
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        cpu_s, began = process_time(), perf_counter()
        await asyncio.gather(*(post(session) for _ in range(PARALLEL)))
    print(events / (perf_counter() - began), process_time() - cpu_s)


if __name__ == "__main__":
    asyncio.run(_bare(sys.argv[1], int(sys.argv[2])))
