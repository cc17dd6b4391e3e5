"""Simulated work: waits instead of computing, to test fleets, faults and load without a GPU. Deterministic by seed."""

import asyncio
import json
import random

from darkroom_schemas.catalogue import Connector as ConnectorName
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import SimulationPayload
from darkroom_schemas.step import StepResult
from pydantic import ValidationError

from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.domain.ports import StepRun


class SimulatedConnector:
    """Serves the job type `simulation`."""

    name = ConnectorName.SIMULATED.value
    types = ("simulation",)
    models: tuple[str, ...] = ()

    async def check(self) -> None:
        """Return at once: it is always ready."""

    async def run(self, run: StepRun) -> StepResult:
        """Wait for the payload's duration, report progress after each step, and fail at its `fail_rate`."""
        payload = _read(run)
        # Without the step's id, so that equal payloads behave alike in every run; with the attempt's number, so that a
        # retry can succeed.
        chance = random.Random(f"{payload.seed}:{run.step.attempt}")  # noqa: S311 - a simulation, not a secret
        duration_s = payload.duration_s * (1 + payload.jitter * chance.uniform(-1, 1))
        fails_at = chance.randrange(payload.steps) if chance.random() < payload.fail_rate else None
        for number in range(payload.steps):
            await _wait(duration_s / payload.steps, run.stop)
            if number == fails_at:
                raise Failure(
                    StepErrorCode.BACKEND,
                    "The simulation failed, as its payload requested",
                    retryable=payload.retryable,
                )
            run.progress(
                100 * (number + 1) / payload.steps,
                message="simulate",
                current_step=number + 1,
                total_steps=payload.steps,
            )
        text = json.dumps({"duration_s": round(duration_s, 3), "steps": payload.steps, "seed": payload.seed})
        return StepResult(text=text, timings_s={"simulate": round(duration_s, 3)})


def _read(run: StepRun) -> SimulationPayload:
    try:
        return SimulationPayload.model_validate(run.step.payload)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, problem["loc"]))
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"{field}: {problem['msg']}") from error


async def _wait(seconds: float, stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
    raise Stopped
