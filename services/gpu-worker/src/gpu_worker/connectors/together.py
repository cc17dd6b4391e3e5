"""Runs several pieces of work of one attempt at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable


async def together(works: Iterable[Callable[[], Awaitable[None]]], at_once: int) -> None:
    """Run all works, `at_once` at a time. The first error cancels the others, lets no more begin, and is raised."""
    places, failed = asyncio.Semaphore(at_once), asyncio.Event()

    async def one(work: Callable[[], Awaitable[None]]) -> None:
        async with places:
            if failed.is_set():
                return
            try:
                await work()
            except BaseException:
                failed.set()
                raise

    tasks = [asyncio.create_task(one(work)) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
