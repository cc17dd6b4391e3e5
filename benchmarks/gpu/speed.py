"""Seconds per step, by attention backend and with compiled blocks; the worker beside a bare pipeline."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from darkroom_schemas.payload import AnyPayload
from disturbance import Options
from gpu_worker.domain.failures import ChildLost
from gpu_worker.runtime.messages import StepDone
from lab import Lab
from results import Figure, compared, skipped
from setting import NEEDS_CUDA, Setting
from work import FEW_STEPS, MORE_STEPS

Make = Callable[[int], AnyPayload]
"""Makes a payload of so many steps."""
_FLASH_3 = ("_flash_3", "_flash_3_hub")
"""FlashAttention 3 as installed, or as a kernel of the hub."""
_MOST_WALL = 1.03
_MOST_CPU, _MOST_CPU_WITH_ENCODERS = 1.02, 1.04


async def step_times(setting: Setting) -> AsyncIterator[Figure]:
    """Measure seconds per step: torch's attention, compiled blocks, and FlashAttention 3 where it is installed."""
    makers: dict[str, Make] = {
        "SDXL, six images": lambda steps: setting.work.images(steps=steps),
        "WAN, 81 frames": setting.work.video,
    }
    compiler = "inductor" if setting.has_cuda else "aot_eager"
    plain: dict[str, float] = {}
    async with setting.shared_lab() as lab:
        for name, make in makers.items():
            plain[name] = await _seconds_per_step(lab, make)
            yield Figure(f"{name}: torch's attention", round(plain[name], 3), "s/step")
    async with setting.own_lab(options=Options(compile=compiler)) as lab:
        for name, make in makers.items():
            seconds = await _seconds_per_step(lab, make)
            note = f"{plain[name] / seconds:.2f}x as fast" if seconds > 0 else ""
            yield Figure(f"{name}: blocks compiled ({compiler})", round(seconds, 3), "s/step", note=note)
    async for figure in _flash_attention(setting, plain):
        yield figure


async def _flash_attention(setting: Setting, plain: dict[str, float]) -> AsyncIterator[Figure]:
    name = "WAN, 81 frames: FlashAttention 3"
    if not setting.has_cuda:
        yield skipped(name, NEEDS_CUDA)
        return
    for backend in _FLASH_3:
        async with setting.own_lab(options=Options(attention=backend)) as lab:
            if not isinstance((await lab.run(setting.work.video(1, frames=1))).outcome, StepDone):
                continue
            seconds = await _seconds_per_step(lab, setting.work.video)
            faster = plain.get("WAN, 81 frames", 0.0) / seconds if seconds > 0 else 0.0
            yield Figure(f"{name} ({backend})", round(seconds, 3), "s/step", note=f"{faster:.2f}x as fast")
            return
    yield skipped(name, f"neither {' nor '.join(_FLASH_3)} works here")


async def _seconds_per_step(lab: Lab, make: Make) -> float:
    """Return the time of further steps; text, first calls and compilation fall out of the difference."""
    await lab.run(make(FEW_STEPS))
    few, more = await lab.run(make(FEW_STEPS)), await lab.run(make(MORE_STEPS))
    return max(0.0, more.done.timings_s["denoise"] - few.done.timings_s["denoise"]) / (MORE_STEPS - FEW_STEPS)


async def overhead(setting: Setting) -> AsyncIterator[Figure]:
    """Run worker and bare pipeline in turns in one process (ABBA), and compare wall clock and CPU time."""
    await setting.end_shared()
    request = {
        "profile": setting.work.profile.model_dump(mode="json"),
        "models_dir": str(setting.models_dir),
        "folder": str(setting.folder),
        "tiny": setting.work.is_tiny,
        "answer": str(setting.folder / "overhead.json"),
        "rounds": 3 if setting.has_cuda else 1,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("overhead.py")), "--request",
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(setting.limit_s):
            await process.communicate(json.dumps(request).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ChildLost(f"the comparison ended with status {process.returncode}")
    for name, ratios in json.loads((setting.folder / "overhead.json").read_text()).items():
        for figure in figures_of(name, ratios, on_gpu=setting.has_cuda, judge=not setting.work.is_tiny):
            yield figure


def figures_of(name: str, ratios: dict[str, list[float]], *, on_gpu: bool, judge: bool) -> list[Figure]:
    """Return the ratios as figures: wall clock counts on a GPU, CPU time elsewhere. One short round is no verdict."""
    limits = {"wall": _MOST_WALL} if on_gpu else {"cpu": _MOST_CPU, "cpu with encoders": _MOST_CPU_WITH_ENCODERS}
    is_control = name.endswith("bare/bare")
    return [
        compared(f"{name}: {kind}", _shown(values), "", f"≤ {limits[kind]}", met=middle <= limits[kind])
        if judge and kind in limits and not is_control
        else Figure(f"{name}: {kind}", _shown(values))
        for kind, values in ratios.items()
        for middle in [sorted(values)[len(values) // 2]]
    ]


def _shown(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.3f} [{ordered[0]:.3f} to {ordered[-1]:.3f}]"
