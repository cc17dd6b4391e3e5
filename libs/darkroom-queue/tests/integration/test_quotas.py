"""Quotas are shared by all who ask, taken together or not at all, and come back evenly."""

import pytest
from darkroom_queue import QueueUnavailable, Quotas, RedisLink

REQUESTS, SUBMISSIONS = ("requests:anna", 6, 60.0), ("submissions:anna", 2, 60.0)


async def pass_time(link: RedisLink, name: str, seconds: float) -> None:
    """Let time pass for one quota: the moment at which it is full comes nearer."""
    key = link.keys.meta.removesuffix("meta") + f"rl:{name}"
    await link.client.set(key, float(await link.client.get(key)) - seconds * 1000, keepttl=True)


async def test_units_are_counted_down_and_then_refused(link: RedisLink) -> None:
    quotas = Quotas(link)
    states = [(await quotas.spend([REQUESTS]))[0] for _ in range(7)]
    assert [state.left for state in states] == [5, 4, 3, 2, 1, 0, 0]
    assert [state.free_in_s > 0 for state in states] == [False] * 6 + [True]
    assert 9 < states[6].free_in_s <= 10
    assert 59 < states[6].full_in_s <= 60


async def test_units_come_back_one_by_one(link: RedisLink) -> None:
    quotas = Quotas(link)
    for _ in range(6):
        await quotas.spend([REQUESTS])
    await pass_time(link, "requests:anna", 10)
    assert [(await quotas.spend([REQUESTS]))[0].free_in_s > 0 for _ in range(2)] == [False, True]
    await pass_time(link, "requests:anna", 3600)
    assert (await quotas.spend([REQUESTS]))[0].left == 5


async def test_several_quotas_are_taken_together_or_not_at_all(link: RedisLink) -> None:
    quotas = Quotas(link)
    for _ in range(2):
        await quotas.spend([REQUESTS, SUBMISSIONS])
    requests, submissions = await quotas.spend([REQUESTS, SUBMISSIONS])
    assert submissions.free_in_s > 0
    assert (requests.left, requests.free_in_s) == (4, 0)
    assert (await quotas.spend([REQUESTS]))[0].left == 3


async def test_callers_do_not_share_a_quota_and_it_leaves_no_key(link: RedisLink) -> None:
    quotas = Quotas(link)
    for name in ("anna", "ben"):
        assert (await quotas.spend([(f"requests:{name}", 2, 60.0)]))[0].left == 1
    key = link.keys.meta.removesuffix("meta") + "rl:requests:anna"
    assert 0 < await link.client.pttl(key) <= 30_000


async def test_a_quota_that_does_not_divide_its_window_is_given_in_full(link: RedisLink) -> None:
    quotas = Quotas(link)
    states = [(await quotas.spend([("requests:carl", 7, 60.0)]))[0] for _ in range(8)]
    assert [state.left for state in states] == [6, 5, 4, 3, 2, 1, 0, 0]


async def test_a_server_that_is_full_counts_nothing(link: RedisLink) -> None:
    quotas = Quotas(link)
    await quotas.spend([REQUESTS])
    await link.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(QueueUnavailable, match="takes no writes"):
            await quotas.spend([REQUESTS])
    finally:
        await link.client.config_set("maxmemory", 0)
    assert (await quotas.spend([REQUESTS]))[0].left == 4
