"""A round is claimed once in a period, by one of all processes."""

from darkroom_queue import QueueClient
from darkroom_redis.rounds import PeriodicRound


async def test_one_of_several_processes_claims_a_round(link: QueueClient) -> None:
    rounds = [PeriodicRound(link, "test", period_s=60) for _ in range(3)]
    assert [await each.claim() for each in rounds] == [True, False, False]


async def test_rounds_of_other_names_are_independent(link: QueueClient) -> None:
    assert [await PeriodicRound(link, name, period_s=60).claim() for name in ("a", "b")] == [True, True]


async def test_the_next_period_has_a_round_of_its_own(link: QueueClient) -> None:
    first = PeriodicRound(link, "test", period_s=60)
    assert await first.claim()
    assert 0 < await link.redis_py.pttl(link.keys.round("test")) <= 60_000
    await link.redis_py.delete(link.keys.round("test"))  # as the end of the period does
    assert await first.claim()
