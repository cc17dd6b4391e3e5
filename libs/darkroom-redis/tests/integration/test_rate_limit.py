"""Rate limits are shared by all replicas, taken together or not at all, and come back evenly."""

import pytest
from darkroom_queue import QueueClient
from darkroom_redis import RateLimits, RedisUnavailable
from darkroom_redis.client import Arg
from darkroom_redis.pipelined_connection import ReplyError
from darkroom_redis.script_loader import load_script
from support.script_arguments import HOSTILE, everything

REQUESTS, SUBMISSIONS = ("requests:anna", 6, 60.0), ("submissions:anna", 2, 60.0)


async def pass_time(link: QueueClient, name: str, seconds: float) -> None:
    """Let time pass for one quota: the moment at which it is full comes nearer."""
    key = link.keys.meta.removesuffix("meta") + f"rl:{name}"
    await link.redis_py.set(key, float(await link.command("GET", key)) - seconds * 1000, keepttl=True)


async def test_units_are_counted_down_and_then_refused(link: QueueClient) -> None:
    quotas = RateLimits(link)
    states = [(await quotas.take([REQUESTS]))[0] for _ in range(7)]
    assert [state.left for state in states] == [5, 4, 3, 2, 1, 0, 0]
    assert [state.free_in_s > 0 for state in states] == [False] * 6 + [True]
    assert 9 < states[6].free_in_s <= 10
    assert 59 < states[6].full_in_s <= 60


async def test_units_come_back_one_by_one(link: QueueClient) -> None:
    quotas = RateLimits(link)
    for _ in range(6):
        await quotas.take([REQUESTS])
    await pass_time(link, "requests:anna", 10)
    assert [(await quotas.take([REQUESTS]))[0].free_in_s > 0 for _ in range(2)] == [False, True]
    await pass_time(link, "requests:anna", 3600)
    assert (await quotas.take([REQUESTS]))[0].left == 5


async def test_several_quotas_are_taken_together_or_not_at_all(link: QueueClient) -> None:
    quotas = RateLimits(link)
    for _ in range(2):
        await quotas.take([REQUESTS, SUBMISSIONS])
    requests, submissions = await quotas.take([REQUESTS, SUBMISSIONS])
    assert submissions.free_in_s > 0
    assert (requests.left, requests.free_in_s) == (4, 0)
    assert (await quotas.take([REQUESTS]))[0].left == 3


async def test_callers_do_not_share_a_quota_and_it_leaves_no_key(link: QueueClient) -> None:
    quotas = RateLimits(link)
    for name in ("anna", "ben"):
        assert (await quotas.take([(f"requests:{name}", 2, 60.0)]))[0].left == 1
    key = link.keys.meta.removesuffix("meta") + "rl:requests:anna"
    assert 0 < await link.redis_py.pttl(key) <= 30_000


async def test_a_quota_that_does_not_divide_its_window_is_given_in_full(link: QueueClient) -> None:
    quotas = RateLimits(link)
    states = [(await quotas.take([("requests:carl", 7, 60.0)]))[0] for _ in range(8)]
    assert [state.left for state in states] == [6, 5, 4, 3, 2, 1, 0, 0]


async def test_a_server_that_is_full_counts_nothing(link: QueueClient) -> None:
    quotas = RateLimits(link)
    await quotas.take([REQUESTS])
    await link.redis_py.config_set("maxmemory", 1)
    try:
        with pytest.raises(RedisUnavailable, match="takes no writes"):
            await quotas.take([REQUESTS])
    finally:
        await link.redis_py.config_set("maxmemory", 0)
    assert (await quotas.take([REQUESTS]))[0].left == 4


@pytest.mark.parametrize("place", [1, 2, 4, 5])
@pytest.mark.parametrize("bad", HOSTILE)
async def test_a_number_that_is_none_is_refused_before_anything_is_written(
    link: QueueClient, place: int, bad: str
) -> None:
    await RateLimits(link).take([REQUESTS])
    args: list[Arg] = ["first", 10, 60_000, "second", 10, 60_000]
    args[place] = bad
    before = await everything(link)
    with pytest.raises(ReplyError):
        await link.run(load_script("darkroom_redis", "rate_limit"), *args)
    assert await everything(link) == before
