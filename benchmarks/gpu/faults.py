"""Stops, memory that runs out, and a device-side assert: what each costs, and that the next step is undisturbed."""

import math
from collections.abc import AsyncIterator, Callable

from darkroom_schemas.errors import StepErrorCode
from disturbance import ASSERT, OOM, OOM_STAGES
from gpu_worker.runtime.messages import Progressed, StepFailure, StepHalted
from lab import Lab, Ran
from results import Figure, compared
from setting import Setting
from work import FEW_STEPS, MORE_STEPS

_UNFINISHED_STEPS = {"denoise": 150, "decode": FEW_STEPS}
"""More steps than are done when the first report of a step arrives: reports are at least 0.2 s apart."""
_MARGIN_S = 0.5
"""For the messages and the release of what the step held."""


def _in(stage: str) -> Callable[[Progressed], bool]:
    return lambda report: report.message == stage and (report.current_step or 0) >= 1


async def stops(setting: Setting) -> AsyncIterator[Figure]:
    """Stop a video in denoising and in decoding; the process survives and draws the next one as before."""
    async with setting.shared_lab() as lab:
        await lab.run(setting.work.video())
        few, more = await lab.run(setting.work.video(FEW_STEPS)), await lab.run(setting.work.video(MORE_STEPS))
        reference = few.contents()
        steps = MORE_STEPS - FEW_STEPS
        # Guidance calls the transformer twice in each step; a chunk of latents is one call of the decoder.
        forwards = {
            "denoise": max(0.0, more.done.timings_s["denoise"] - few.done.timings_s["denoise"]) / steps,
            "decode": few.done.timings_s["decode"] / ((few.files[0].frames or 1) // 4 + 1),
        }
        for stage, forward_s in forwards.items():
            pid = lab.child.pid
            stopped = await lab.run(setting.work.video(_UNFINISHED_STEPS[stage]), stop_at=_in(stage))
            met = isinstance(stopped.outcome, StepHalted)
            yield compared(f"stop in {stage}: outcome", stopped.outcome.kind, "", "halted", met=met)
            limit_s = forward_s + _MARGIN_S
            took_s = math.inf if stopped.stopped_in_s is None else stopped.stopped_in_s
            wanted = f"≤ {limit_s:.2f} (one call and {_MARGIN_S} s)"
            yield compared(f"stop in {stage}", round(took_s, 2), "s", wanted, met=took_s <= limit_s)
            yield _same_process(f"stop in {stage}", lab, pid)
        again = await lab.run(setting.work.video(FEW_STEPS))
        yield _same_files("the video after the stops", again, reference)


async def memory_runs_out(setting: Setting) -> AsyncIterator[Figure]:
    """Let memory run out once at each stage of SDXL: the worker makes room, and the images are the same."""
    async with setting.shared_lab() as lab:
        reference = (await lab.run(setting.work.images())).contents()
        for stage in OOM_STAGES:
            pid = lab.child.pid
            ran = await lab.run(setting.work.images(), f"{OOM}{stage}")
            kind = ran.outcome.kind
            yield compared(f"out of memory at {stage}: outcome", kind, "", "done", met=kind == "done")
            yield _same_files(f"out of memory at {stage}: files", ran, reference)
            yield _same_process(f"out of memory at {stage}", lab, pid)


async def device_assert(setting: Setting) -> AsyncIterator[Figure]:
    """Let a kernel assert: one step fails, the process is replaced, and the next step draws the same images."""
    async with setting.shared_lab() as lab:
        reference = (await lab.run(setting.work.images())).contents()
        pid = lab.child.pid
        failed = (await lab.run(setting.work.images(), ASSERT)).outcome
        code = failed.code.value if isinstance(failed, StepFailure) else failed.kind
        wanted = StepErrorCode.DEVICE_ERROR
        yield compared("device-side assert: outcome", code, "", wanted.value, met=code == wanted.value)
        after = await lab.run(setting.work.images())
        yield Figure("the next step, restart and load included", round(after.seconds, 1), "s")
        yield _same_files("the next step: files", after, reference)
        yield compared("the process was replaced", str(lab.child.pid != pid), "", "True", met=lab.child.pid != pid)


def _same_process(name: str, lab: Lab, pid: int | None) -> Figure:
    kept = lab.child.pid == pid
    return compared(f"{name}: the process", "kept" if kept else "lost", "", "kept", met=kept)


def _same_files(name: str, ran: Ran, reference: list[bytes]) -> Figure:
    files = ran.contents()
    same = sum(one == other for one, other in zip(files, reference, strict=False))
    return compared(name, f"{same} of {len(files)}", "", f"{len(reference)} equal", met=files == reference)
