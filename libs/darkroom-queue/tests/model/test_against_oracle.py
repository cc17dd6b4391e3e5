import asyncio
from collections.abc import Iterator

import pytest
from darkroom_queue import RedisLink
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from .machine import QueueMachine

MANY = settings(
    max_examples=100, stateful_step_count=50, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def sync_link(redis_url: str, runner: asyncio.Runner) -> Iterator[RedisLink]:
    link = runner.run(RedisLink.open(redis_url))
    yield link
    runner.run(link.close())


def test_thousands_of_calls_give_what_the_oracle_says(runner: asyncio.Runner, sync_link: RedisLink) -> None:
    run_state_machine_as_test(lambda: QueueMachine(runner, sync_link), settings=MANY)  # type: ignore[no-untyped-call]
