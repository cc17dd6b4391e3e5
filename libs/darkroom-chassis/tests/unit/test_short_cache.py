"""A short cache refreshes once for all callers, and not before its value is too old."""

import asyncio
from collections.abc import Iterator

import pytest
from darkroom_chassis.short_cache import ShortCache


async def test_concurrent_callers_share_one_refresh() -> None:
    calls = 0
    release = asyncio.Event()

    async def refresh(previous: int) -> int:
        nonlocal calls
        calls += 1
        await release.wait()
        return previous + 1

    cache = ShortCache(refresh, 0, max_age_s=3600)
    callers = [asyncio.create_task(cache.get()) for _ in range(10)]
    await asyncio.sleep(0)
    release.set()
    assert await asyncio.gather(*callers) == [1] * 10
    assert await cache.get() == 1
    assert calls == 1


async def test_an_old_value_is_refreshed_from_the_previous_one() -> None:
    async def refresh(previous: int) -> int:
        return previous + 1

    cache = ShortCache(refresh, 0, max_age_s=-1)
    assert [await cache.get() for _ in range(3)] == [1, 2, 3]


async def test_a_failed_refresh_is_raised_and_tried_again() -> None:
    answers: Iterator[OSError | int] = iter([OSError("away"), 7])

    async def refresh(_: int) -> int:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    cache = ShortCache(refresh, 0, max_age_s=3600)
    with pytest.raises(OSError, match="away"):
        await cache.get()
    assert await cache.get() == 7


async def test_a_forgotten_value_is_refreshed_from_the_initial_one() -> None:
    known: list[int] = []

    async def refresh(previous: int) -> int:
        known.append(previous)
        return previous + 1

    cache = ShortCache(refresh, 0, max_age_s=3600)
    assert await cache.get() == 1
    cache.forget()
    assert await cache.get() == 1
    assert known == [0, 0]
