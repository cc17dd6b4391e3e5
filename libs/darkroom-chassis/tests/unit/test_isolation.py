"""One bad item holds up no other, and a bug in our code does not put everything aside."""

from collections.abc import Iterator

import pytest
import structlog
from darkroom_chassis.isolation import MAX_BUGS_IN_A_ROW, Isolation


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[structlog.types.EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


class Loop:
    """Processes numbers; those that `errors` names fail."""

    def __init__(self, errors: dict[int, Exception]) -> None:
        self.errors = errors
        self.done: list[int] = []
        self.rejected: list[int] = []
        self.isolation = Isolation("test", (ConnectionError,))

    async def process(self, number: int) -> None:
        async def work() -> None:
            if number in self.errors:
                raise self.errors[number]
            self.done.append(number)

        async def reject(_: Exception) -> None:
            self.rejected.append(number)

        await self.isolation.attempt(work, reject, number=number)


async def test_a_bad_item_is_put_aside_and_the_others_are_done(logged: list[structlog.types.EventDict]) -> None:
    loop = Loop({1: ValueError("bad"), 3: KeyError("x"), 4: TypeError("ours")})
    for number in range(6):
        await loop.process(number)
    assert (loop.done, loop.rejected) == ([0, 2, 5], [1, 3, 4])
    assert [(line["log_level"], line["number"]) for line in logged] == [("error", 1), ("error", 3), ("error", 4)]


async def test_an_outage_rejects_nothing() -> None:
    loop = Loop({0: ConnectionError()})
    with pytest.raises(ConnectionError):
        await loop.process(0)
    assert loop.rejected == []


async def test_many_bad_items_do_not_stop_the_loop() -> None:
    loop = Loop(dict.fromkeys(range(100), ValueError("bad")))
    for number in range(101):
        await loop.process(number)
    assert loop.done == [100]


async def test_a_bug_ends_the_loop_and_costs_one_item_for_each_restart_from_then_on() -> None:
    loop = Loop(dict.fromkeys(range(1000), TypeError("ours")))
    for number in range(MAX_BUGS_IN_A_ROW):
        await loop.process(number)
    for restart in range(3):
        item = MAX_BUGS_IN_A_ROW + restart
        with pytest.raises(TypeError):
            await loop.process(item)
        await loop.process(item)
    assert len(loop.rejected) == MAX_BUGS_IN_A_ROW + 3
    del loop.errors[500]
    with pytest.raises(TypeError):
        await loop.process(100)
    await loop.process(500)
    assert loop.done == [500]
