"""A write that fails for a moment is tried again, and one that is not there afterwards, too."""

import pytest
from platform_api.domain.verified_write import NotVerified, VerifiedWrite


class Flaky:
    """Fails as the test sets, one outcome an attempt; False is a write that is not there afterwards."""

    def __init__(self, *outcomes: Exception | bool) -> None:
        self._outcomes = list(outcomes)
        self.waited: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def attempt(self) -> bool:
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def run(self) -> bool:
        async def is_stored(written: bool) -> bool:
            return written

        return await VerifiedWrite((ConnectionError,), self.sleep).write(self.attempt, is_stored)


async def test_first_success_is_the_last_attempt() -> None:
    flaky = Flaky(True)
    assert await flaky.run()
    assert flaky.waited == []


async def test_failed_and_lost_writes_are_tried_again_after_one_two_and_four_seconds() -> None:
    flaky = Flaky(ConnectionError(), False, ConnectionError(), True)
    assert await flaky.run()
    assert flaky.waited == [1, 2, 4]


async def test_fourth_failure_is_reported() -> None:
    with pytest.raises(ConnectionError):
        await Flaky(*[ConnectionError()] * 4).run()
    with pytest.raises(NotVerified):
        await Flaky(*[False] * 4).run()


async def test_other_failures_are_not_tried_again() -> None:
    flaky = Flaky(ValueError("wrong"), True)
    with pytest.raises(ValueError, match="wrong"):
        await flaky.run()
    assert flaky.waited == []
