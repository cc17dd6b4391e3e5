"""Loads each model, compares peaks with the book, and looks at what comes out."""

from collections.abc import AsyncIterator

from gpu_worker.domain.memory.footprint import Footprint, Shape, StageName
from gpu_worker.domain.memory.placement import Placement, bytes_during
from gpu_worker.models.footprint_book import shipped_book
from gpu_worker.models.footprints import footprint_of, peak_key
from gpu_worker.models.peak_file import peak_file, read_peaks
from lab import Lab
from results import Figure, compared, skipped
from setting import NEEDS_CUDA, Setting
from work import MODELS, WAN

_TOLERANCE = 0.15


async def loads_and_outputs(setting: Setting) -> AsyncIterator[Figure]:
    """Load every model, draw a whole video and six images twice; then compare the peaks with the book."""
    async with setting.shared_lab() as lab:
        prompt = await lab.run(setting.work.prompt())
        yield compared("enhanced prompt", len(prompt.done.text or ""), "characters", "> 0", met=bool(prompt.done.text))
        video = await lab.run(setting.work.video(frames=81))
        yield _frames(video.files[0].frames)
        for stage, seconds in video.done.timings_s.items():
            yield Figure(f"video, {stage}", seconds, "s")
        first = await lab.run(setting.work.images())
        second = await lab.run(setting.work.images())
        for stage, seconds in second.done.timings_s.items():
            yield Figure(f"six images, {stage}", seconds, "s")
        same = sum(one == other for one, other in zip(first.contents(), second.contents(), strict=True))
        yield compared("six images twice: equal files", same, "", "6", met=same == 6)
        for load in lab.observer.loads:
            size = f"{load.memory_bytes / 1e9:.2f} GB stay on the device"
            yield Figure(f"load of {load.model}", load.seconds, "s", note=size)
        loaded = {load.model for load in lab.observer.loads}
        yield compared("models that were loaded", len(loaded), "", "3", met=loaded == set(MODELS))
        for figure in _peaks(setting, lab):
            yield figure


def _frames(frames: int | None) -> Figure:
    return compared("frames of the video", frames or 0, "", "81", met=frames == 81)


def _peaks(setting: Setting, lab: Lab) -> list[Figure]:
    """Compare what the worker measured with the book, weights included."""
    if not setting.has_cuda:
        return [skipped("peaks beside the book", f"{NEEDS_CUDA}: a CPU reports no peaks")]
    profile = setting.work.profile
    keys = {peak_key(entry): footprint_of(entry, shipped_book(), None) for entry in profile.models.values()}
    measured = read_peaks(peak_file(setting.models_dir), lab.device.device_name).points()
    figures = [
        _peak(key, keys[key], stage, shape, work)
        for (key, stage, shape), work in measured.items()
        if key in keys and stage in keys[key].stages
    ]
    return figures or [compared("peaks that were measured", 0, "", "> 0", met=False)]


def _peak(key: str, footprint: Footprint, stage: StageName, shape: Shape, measured: int) -> Figure:
    place = f"{shape.size} px, {shape.frames} frames, {shape.batch} images"
    name = f"peak of {key.partition('/')[0]}, {stage.value}, {place}"
    expected = footprint.stages[stage].work_bytes(shape)
    weights = bytes_during(footprint, Placement.RESIDENT, stage)
    ratio = (weights + measured) / (weights + expected)
    wanted = f"{(weights + expected) / 1e9:.2f} GB ± {_TOLERANCE:.0%}"
    value = f"{(weights + measured) / 1e9:.2f} GB, x{ratio:.2f}"
    return compared(name, value, "", wanted, met=abs(ratio - 1) <= _TOLERANCE)


async def full_steps(setting: Setting) -> AsyncIterator[Figure]:
    """Draw a video and images with as many steps as the catalogue's fast job types have."""
    if not setting.has_cuda:
        yield skipped("video of 25 steps and six images of 15", f"{NEEDS_CUDA}: hours on a CPU at full size")
        return
    async with setting.shared_lab() as lab:
        await lab.run(setting.work.images(steps=2))
        images = await lab.run(setting.work.images(steps=15))
        yield Figure("six images of 15 steps", round(images.seconds, 1), "s")
        await lab.run(setting.work.video(frames=1))
        video = await lab.run(setting.work.video(steps=25))
        yield Figure(f"{WAN}: 81 frames, 25 steps", round(video.seconds, 1), "s")
        yield _frames(video.files[0].frames)
