"""Several pieces of work at a time; the first error ends the others."""

import asyncio

import pytest
from gpu_worker.connectors.together import together


async def test_no_more_than_so_many_run_at_once() -> None:
    running, most, done = 0, 0, 0

    async def work() -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        done += 1

    await together([work] * 10, 4)
    assert (most, done) == (4, 10)


async def test_an_error_cancels_the_others() -> None:
    ends = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("cancelled")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await together([waits, fails, waits], 2)
    assert ends == ["cancelled"]
