"""Runs several pieces of work of one attempt at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable


async def together(works: Iterable[Callable[[], Awaitable[None]]], at_once: int) -> None:
    """Run all works, `at_once` at a time. The first error cancels the others and is raised."""
    places = asyncio.Semaphore(at_once)

    async def one(work: Callable[[], Awaitable[None]]) -> None:
        async with places:
            await work()

    tasks = [asyncio.create_task(one(work)) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
