"""The worker beside a bare pipeline of diffusers, on the same loaded parts, in turns: bare, worker, worker, bare.

Wall clock and CPU time vary with whatever else a machine does. So CPU time is divided by the CPU time inside the
models of the same run: a run that was slowed down is slower in both. `python overhead.py [ROUNDS]` prints the table for
the tiny models; `--request` reads a request of the benchmark from its input, and writes the ratios to the file that the
request names.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from gpu_worker.models.profile import Profile
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.pipelines import noise
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.sdxl import samplers as sdxl_samplers
from gpu_worker.pipelines.wan import samplers as wan_samplers
from gpu_worker.runtime.child_link import StepLink
from gpu_worker.runtime.messages import RunStep, Setup
from gpu_worker.runtime.quiet_libraries import silence_model_libraries
from gpu_worker.wiring.gpu_process import make_executor
from speed import figures_of
from work import SDXL, WAN, Work

_ENTRANCES = {"unet": "forward", "transformer": "forward", "vae": "decode", "text_encoder": "forward",
              "text_encoder_2": "forward"}  # fmt: skip
Run = Callable[[], object]
Ratios = dict[str, list[float]]


class InModels:
    """CPU seconds of this thread inside the models, nested calls counted once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    @contextmanager
    def watch(self, parts: Any) -> Iterator[None]:
        """Measure the calls of these parts of a pipeline."""
        with ExitStack() as stack:
            for name, entrance in _ENTRANCES.items():
                if name in parts:
                    stack.enter_context(self._watched(parts[name], entrance))
            yield

    @contextmanager
    def _watched(self, part: Any, entrance: str) -> Iterator[None]:
        usual = getattr(part, entrance)

        def measured(*args: Any, **options: Any) -> Any:
            self._depth += 1
            started = time.thread_time()
            try:
                return usual(*args, **options)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.thread_time() - started

        # An instance attribute, found before the method of the class.
        vars(part)[entrance] = measured
        try:
            yield
        finally:
            del vars(part)[entrance]


def measure(inside: InModels, run: Run) -> tuple[float, float, float]:
    """Return the wall clock, and the CPU time of this thread and of the process, both over that inside the models."""
    inside.seconds = 0.0
    wall, thread, process = time.perf_counter(), time.thread_time(), time.process_time()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    wall, thread, process = time.perf_counter() - wall, time.thread_time() - thread, time.process_time() - process
    return wall, thread / inside.seconds, process / inside.seconds


def compare(inside: InModels, bare: Run, worker: Run, rounds: int) -> Ratios:
    """Return the ratio of each round, worker over bare."""
    ratios: Ratios = {"wall": [], "cpu": [], "cpu with encoders": []}
    for _ in range(rounds):
        first, second, third, fourth = (measure(inside, run) for run in (bare, worker, worker, bare))
        for place, values in enumerate(ratios.values()):
            values.append((second[place] + third[place]) / (first[place] + fourth[place]))
    return ratios


def compare_all(
    profile: Profile, models_dir: Path, folder: Path, *, tiny: bool, rounds: int, frames: int | None = None
) -> dict[str, Ratios]:
    """Compare both families; the bare pipeline beside itself is the control of several rounds.

    `frames` are those of WAN's video.
    """
    work = Work(profile, tiny)
    executor = make_executor(Setup(profile=profile.model_copy(update={"preload": ()}), models_dir=models_dir), _ignore)
    found: dict[str, Ratios] = {}
    for name, model, payload, bare in (
        ("SDXL, six images", SDXL, work.images(steps=12), _bare_sdxl),
        ("WAN, one video", WAN, work.video(steps=4, frames=frames), _bare_wan),
    ):
        executor.models.evict_others(model)
        parts, inside = executor.models.get(model).parts, InModels()
        runs = _worker(executor, payload, folder), _bare(bare, parts, payload)
        with inside.watch(parts):
            for run in runs:
                run()
            if rounds > 1:
                found[f"{name}, bare/bare"] = compare(inside, runs[1], runs[1], rounds)
            found[f"{name}, worker/bare"] = compare(inside, runs[1], runs[0], rounds)
    return found


def _ignore(_: object) -> None:
    """Take no notice of a message."""


def _worker(executor: PipelineExecutor, payload: Any, folder: Path) -> Run:
    def run() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as spool:
            executor.run(RunStep(run_id="run", payload=payload, spool=Path(spool)), StepLink("run", _ignore))

    return run


def _bare(draw: Callable[[Any, Any], object], parts: Any, payload: Any) -> Run:
    return lambda: draw(parts, payload)


def _bare_sdxl(parts: Any, payload: Any) -> object:
    from diffusers import StableDiffusionXLPipeline

    mine = dict(parts) | {"scheduler": sdxl_samplers.make_sampler(payload.sampler, parts["scheduler"].config)}
    pipeline = StableDiffusionXLPipeline(**mine, add_watermarker=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(
        prompt=payload.prompt, num_images_per_prompt=len(payload.seeds), height=payload.height, width=payload.width,
        generator=[noise.generator(seed) for seed in payload.seeds], num_inference_steps=payload.steps,
        guidance_scale=payload.guidance_scale,
    ).images  # fmt: skip


def _bare_wan(parts: Any, payload: Any) -> object:
    from diffusers import WanPipeline

    mine = dict(parts) | {"scheduler": wan_samplers.make_sampler(payload.sampler, parts["scheduler"].config)}
    pipeline = WanPipeline(**mine)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(
        prompt=payload.prompt, height=payload.height, width=payload.width, num_frames=payload.frames,
        generator=noise.generator(payload.seeds[0]), num_inference_steps=payload.steps,
        guidance_scale=payload.guidance_scale, output_type="np",
    ).frames  # fmt: skip


def main() -> None:
    """Answer a request of the benchmark, or print the table for the tiny models."""
    silence_model_libraries()
    if "--request" in sys.argv:
        asked = json.load(sys.stdin)
        profile = Profile.model_validate(asked["profile"])
        found = compare_all(
            profile, Path(asked["models_dir"]), Path(asked["folder"]), tiny=asked["tiny"], rounds=asked["rounds"]
        )
        # Not on standard output, which the worker logs to.
        Path(asked["answer"]).write_text(json.dumps(found))
        return
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="bench-overhead-") as folder:
        print(f"load before: {os.getloadavg()[0]:.1f}")
        rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
        found = compare_all(load_profile("tiny"), Path(folder), Path(folder), tiny=True, rounds=rounds, frames=81)
        for name, ratios in found.items():
            for figure in figures_of(name, ratios, on_gpu=False, judge=True):
                print(f"{figure.name:45} {figure.value}  {figure.wanted} {figure.status if figure.wanted else ''}")
        print(f"load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
