import asyncio
from collections.abc import Sequence

import pytest
from darkroom_chassis.batcher import Batcher


class Oracle:
    """Answers a number with its half, one bunch at a time and only when it is let."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.asking = asyncio.Event()
        self.let = asyncio.Event()

    async def answer(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        self.asking.set()
        await self.let.wait()
        if 13 in numbers:
            raise ConnectionError("gone")
        return [number // 2 for number in numbers]


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def batcher(oracle: Oracle) -> Batcher[int, int]:
    return Batcher(oracle.answer, max_batch=3)


async def test_questions_that_come_meanwhile_are_asked_together(oracle: Oracle, batcher: Batcher[int, int]) -> None:
    questions = [asyncio.create_task(batcher("topic", number)) for number in (2, 4, 6, 8, 10)]
    elsewhere = asyncio.create_task(batcher("another topic", 12))
    await oracle.asking.wait()
    oracle.let.set()
    assert await asyncio.gather(*questions, elsewhere) == [1, 2, 3, 4, 5, 6]
    assert sorted(oracle.asked, key=min) == [[2], [4, 6, 8], [10], [12]]


async def test_a_question_goes_at_once_when_nothing_is_on_its_way(oracle: Oracle, batcher: Batcher[int, int]) -> None:
    oracle.let.set()
    assert [await batcher("topic", number) for number in (2, 4)] == [1, 2]
    assert oracle.asked == [[2], [4]]


async def gather(oracle: Oracle, batcher: Batcher[int, int], *numbers: int) -> list[int | BaseException]:
    """Ask the first alone and the others together."""
    questions = [asyncio.create_task(batcher("topic", number)) for number in numbers]
    await oracle.asking.wait()
    oracle.let.set()
    return await asyncio.gather(*questions, return_exceptions=True)


async def test_an_exception_instead_of_answers_is_everybodys_and_the_next_are_asked(
    oracle: Oracle, batcher: Batcher[int, int]
) -> None:
    found = await gather(oracle, batcher, 2, 4, 13)
    assert [type(one) for one in found] == [int, ConnectionError, ConnectionError]
    assert await batcher("topic", 6) == 3


@pytest.mark.parametrize("leaves", [0, 1])
async def test_an_asker_that_is_gone_stops_nobody(oracle: Oracle, batcher: Batcher[int, int], leaves: int) -> None:
    askers = [asyncio.create_task(batcher("topic", number)) for number in (2, 4, 6)]
    await oracle.asking.wait()
    askers.pop(leaves).cancel()
    oracle.let.set()
    assert await askers[-1] == 3
    assert await asyncio.wait_for(batcher("topic", 8), 1) == 4
