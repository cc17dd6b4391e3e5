"""Simulated work: as long as ordered, failing as often as ordered, the same for the same seed."""

from typing import Any

import pytest
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.connectors.simulated import SimulatedConnector
from gpu_worker.domain.failures import Failure, Stopped
from support.fake_run import MakeRun

QUICK: dict[str, Any] = {"duration_s": 0.0, "steps": 4}


async def outcome(make_run: MakeRun, payload: dict[str, Any], attempt: int = 1) -> str:
    try:
        await SimulatedConnector().run(make_run("simulation", payload, attempt))
    except Failure:
        return "failed"
    return "completed"


async def test_work_tells_progress_and_gives_a_result(make_run: MakeRun) -> None:
    run = make_run("simulation", QUICK)
    result = await SimulatedConnector().run(run)
    assert run.reported == [25.0, 50.0, 75.0, 100.0]
    assert result.text == '{"duration_s": 0.0, "steps": 4, "seed": 0}'


async def test_the_same_seed_and_attempt_end_the_same(make_run: MakeRun) -> None:
    orders = [QUICK | {"seed": seed, "fail_rate": 0.5} for seed in range(20)]
    first = [await outcome(make_run, order) for order in orders]
    assert first == [await outcome(make_run, order) for order in orders]
    assert set(first) == {"failed", "completed"}


async def test_another_attempt_may_end_differently(make_run: MakeRun) -> None:
    order = QUICK | {"fail_rate": 0.5}
    assert {await outcome(make_run, order, attempt) for attempt in range(1, 20)} == {"failed", "completed"}


async def test_an_ordered_failure_may_be_final(make_run: MakeRun) -> None:
    with pytest.raises(Failure) as caught:
        await SimulatedConnector().run(make_run("simulation", QUICK | {"fail_rate": 1.0, "retryable": False}))
    assert caught.value.code is StepErrorCode.BACKEND
    assert not caught.value.retryable


async def test_work_stops_when_asked_to(make_run: MakeRun) -> None:
    run = make_run("simulation", {"duration_s": 3600})
    run.stop.set()
    with pytest.raises(Stopped):
        await SimulatedConnector().run(run)


async def test_a_wrong_order_is_refused_with_the_field_named(make_run: MakeRun) -> None:
    with pytest.raises(Failure, match="fail_rate") as caught:
        await SimulatedConnector().run(make_run("simulation", {"fail_rate": 2}))
    assert caught.value.code is StepErrorCode.INVALID_PAYLOAD
