"""Simulated work: waits instead of computing. The same payload and attempt always end alike."""

import asyncio
import json
import random

from darkroom_schemas.catalogue import Connector as ConnectorName
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.remote_payloads import SimulatedFault, SimulationPayload
from darkroom_schemas.step import StepResult

from gpu_worker.connectors.attempt import Attempt, Storage, attempt
from gpu_worker.connectors.simulated.faults import SLOWDOWN, fault_of, raise_fault
from gpu_worker.connectors.step_payload import payload_of
from gpu_worker.connectors.stopping import pause
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.output_file import OutputFile
from gpu_worker.domain.ports import StepRun

_MEGAPIXEL = 1_000_000


class SimulatedConnector:
    """Serves the job type `simulation`."""

    name = ConnectorName.SIMULATED.value
    types = ("simulation",)
    models: tuple[str, ...] = ()

    def __init__(self, storage: Storage, *, faults: bool = False) -> None:
        self._storage, self._faults = storage, faults

    async def check(self) -> None:
        """Return at once: it is always ready."""

    async def run(self, run: StepRun) -> StepResult:
        """Wait for the payload's duration, report progress after each step, and fail as the payload requests."""
        payload = payload_of(run, SimulationPayload)
        fault = fault_of(payload, run.step.attempt, allowed=self._faults)
        async with attempt(run, self._storage) as current:
            duration_s = await _work(payload, fault, run)
            for index in range(payload.pictures):
                is_cut = fault is SimulatedFault.CORRUPT_OUTPUT
                current.outputs.start(await asyncio.to_thread(_write, current, payload, index, is_cut=is_cut))
            summary = {"duration_s": round(duration_s, 3), "steps": payload.steps, "seed": payload.seed}
            return await current.result({"simulate": round(duration_s, 3)}, text=json.dumps(summary))


async def _work(payload: SimulationPayload, fault: SimulatedFault | None, run: StepRun) -> float:
    """Take the time of the work and return it in seconds; raises the failure that the payload requests."""
    # Without the step's id, so that equal payloads behave alike in every run; with the attempt's number, so that a
    # retry can succeed.
    chance = random.Random(f"{payload.seed}:{run.step.attempt}")  # noqa: S311 - a simulation, not a secret
    megapixels = payload.pictures * payload.width * payload.height / _MEGAPIXEL
    usual_s = payload.duration_s + payload.step_megapixel_s * payload.steps * megapixels
    duration_s = usual_s * (1 + payload.jitter * chance.uniform(-1, 1))
    fails_at = chance.randrange(payload.steps) if chance.random() < payload.fail_rate else None
    step_s = duration_s / payload.steps
    for number in range(payload.steps):
        if number == payload.steps // 2 and fault is not None:
            await raise_fault(fault, payload, run)
            if fault is SimulatedFault.SLOW:
                step_s *= SLOWDOWN
        await pause(step_s, run.stop)
        if number == fails_at:
            sentence = "The simulation failed, as its payload requested"
            raise Failure(StepErrorCode.BACKEND, sentence, retryable=payload.retryable)
        percent = 100 * (number + 1) / payload.steps
        run.progress(percent, message="simulate", current_step=number + 1, total_steps=payload.steps)
    return duration_s


def _write(current: Attempt, payload: SimulationPayload, index: int, *, is_cut: bool) -> OutputFile:
    from gpu_worker.connectors.simulated.picture import write_picture  # Pillow is loaded on first use

    step, seed = current.run.step, payload.seed + index
    lines = (payload.prompt, "", f"seed {seed}", f"{payload.steps} steps", f"job {step.job_id}", f"picture {index + 1}")
    path, thumbnail = current.folder / f"{index}.png", current.folder / f"{index}.thumbnail.webp"
    write_picture(path, thumbnail, payload.width, payload.height, seed, lines)
    if is_cut:
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    recipe = BackendRecipe(
        backend="simulated",
        backend_type="simulated",
        prompt=payload.prompt,
        seed=seed,
        request=payload.model_dump(mode="json", exclude_defaults=True),
    )
    return OutputFile(index, path, "image/png", thumbnail, width=payload.width, height=payload.height, recipe=recipe)
