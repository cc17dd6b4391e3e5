"""The program of a peer written in Python: `program.py <peer> client|worker <url> [options]`; see protocol.py."""

import argparse
import asyncio
import importlib
import inspect
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from protocol import BULK_SIZE, FLIGHT, IN_FLIGHT, ONE, AsyncPeer, Payload, Report, SyncPeer, hear, payloads, say


async def enqueue_async(peer: AsyncPeer, way: str, jobs: Sequence[Payload]) -> None:
    """Enqueue in one of the three ways."""
    if way == ONE:
        for job in jobs:
            await peer.enqueue(job)
    elif way == FLIGHT:
        left = iter(jobs)

        async def lane() -> None:
            for job in left:
                await peer.enqueue(job)

        await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
    elif peer.bulk is not None:
        for i in range(0, len(jobs), BULK_SIZE):
            await peer.bulk(jobs[i : i + BULK_SIZE])


def enqueue_sync(peer: SyncPeer, way: str, jobs: Sequence[Payload]) -> None:
    """Enqueue in one of the three ways; calls in flight are threads."""
    if way == ONE:
        for job in jobs:
            peer.enqueue(job)
    elif way == FLIGHT:
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            for _ in pool.map(peer.enqueue, jobs):
                pass
    elif peer.bulk is not None:
        for i in range(0, len(jobs), BULK_SIZE):
            peer.bulk(jobs[i : i + BULK_SIZE])


def answer(order: dict[str, Any], began: tuple[float, float]) -> None:
    """Tell what an order cost."""
    say(n=order["n"], wall_s=time.monotonic() - began[0], cpu_s=time.process_time() - began[1])


async def serve_async(peer: AsyncPeer, url: str) -> None:
    """Follow the orders of the harness with an asyncio client."""
    await peer.open(url)
    say(ready=True, bulk=peer.bulk is not None)
    while order := await asyncio.to_thread(hear):
        if order["way"] == "stamps":
            for job in payloads(order):
                await peer.enqueue(job | {"sent": time.monotonic()})
                await asyncio.sleep(order["gap_s"])
            say(n=order["n"])
        else:
            jobs, began = payloads(order), (time.monotonic(), time.process_time())
            await enqueue_async(peer, order["way"], jobs)
            answer(order, began)


def serve_sync(peer: SyncPeer, url: str) -> None:
    """Follow the orders of the harness with a blocking client."""
    peer.open(url)
    say(ready=True, bulk=peer.bulk is not None)
    while order := hear():
        if order["way"] == "stamps":
            for job in payloads(order):
                peer.enqueue(job | {"sent": time.monotonic()})
                time.sleep(order["gap_s"])
            say(n=order["n"])
        else:
            jobs, began = payloads(order), (time.monotonic(), time.process_time())
            enqueue_sync(peer, order["way"], jobs)
            answer(order, began)


def main() -> None:
    """Be a client or a worker until the harness ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("role", choices=["client", "worker"])
    parser.add_argument("url")
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--expected", type=int, default=0)
    parser.add_argument("--lease-s", type=float)
    given = parser.parse_args()
    peer = importlib.import_module(f"peers.{given.peer}").Peer()
    is_async = inspect.iscoroutinefunction(peer.open)
    if given.role == "worker":
        work = peer.work(given.url, given.concurrency, Report(given.expected), given.lease_s)
        if is_async:
            _run(work)
    elif is_async:
        _run(serve_async(peer, given.url))
    else:
        serve_sync(peer, given.url)


def _run(work: Any) -> None:
    import uvloop  # blocking peers need none

    uvloop.run(work)


if __name__ == "__main__":
    main()
