"""The same calls in every test run; ORACLE_SEED draws others, as `make chaos` does, and repeats those of a failure."""

import asyncio
import os
from collections.abc import Iterator

import pytest
from darkroom_queue import QueueClient
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from .machine import QueueMachine

SEED = int(os.environ.get("ORACLE_SEED", "0"))
MANY = settings(
    max_examples=int(os.environ.get("ORACLE_EXAMPLES", "100")),
    stateful_step_count=50,
    phases=(Phase.generate,),  # shrinking takes minutes; a failure prints the calls that led to it
    derandomize=not SEED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def oracle_link(redis_url: str, runner: asyncio.Runner) -> Iterator[QueueClient]:
    link = runner.run(QueueClient.open(redis_url))
    yield link
    runner.run(link.close())


def test_thousands_of_calls_give_what_the_oracle_says(runner: asyncio.Runner, oracle_link: QueueClient) -> None:
    def machine() -> QueueMachine:
        return QueueMachine(runner, oracle_link)

    drawn = seed(SEED)(machine) if SEED else machine
    try:
        run_state_machine_as_test(drawn, settings=MANY)  # type: ignore[arg-type]  # takes factories, too
    except Exception as failure:
        failure.add_note(f"ORACLE_SEED={SEED} ORACLE_EXAMPLES={MANY.max_examples} repeats these calls")
        raise
