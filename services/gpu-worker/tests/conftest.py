"""Fixtures of the worker's tests: payloads, recipes, and the tiny models, built once a run."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from darkroom_schemas.channels import Preview
from darkroom_schemas.ids import JobId, TenantId, step_id
from darkroom_schemas.payload import Family, ImagePayload, PromptPayload, VideoPayload
from darkroom_schemas.recipe import ModelRef, Recipe
from darkroom_schemas.step import ClaimedStep
from darkroom_schemas.worker import Requirements

MEGABYTE = 1_000_000


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give all tests one folder, so that each tiny model is built once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def image_payload() -> ImagePayload:
    """An order for six SDXL pictures as the platform sends it."""
    return ImagePayload(
        family=Family.SDXL,
        prompt="a lighthouse at dawn, 灯塔",
        negative_prompt="blurry",
        seeds=(11, 12, 13, 14, 15, 16),
        width=1024,
        height=1024,
        steps=15,
        guidance_scale=7.0,
        sampler="DPM++ 2M Karras",
        model="sdxl-base-1.0",
        bucket="sdxl_image_fast",
        max_bytes=5 * MEGABYTE,
    )


@pytest.fixture(scope="session")
def still_payload(image_payload: ImagePayload) -> ImagePayload:
    """An order for one WAN still."""
    return image_payload.model_copy(
        update={
            "family": Family.WAN_IMAGE,
            "seeds": (11,),
            "width": 480,
            "height": 832,
            "steps": 25,
            "sampler": "UniPC",
            "model": "wan2.1-t2v-1.3b",
        }
    )


@pytest.fixture(scope="session")
def video_payload() -> VideoPayload:
    """An order for five seconds of WAN video."""
    return VideoPayload(
        family=Family.WAN_VIDEO,
        prompt="waves",
        seeds=(11,),
        width=480,
        height=832,
        frames=81,
        fps=16,
        steps=25,
        guidance_scale=5.0,
        sampler="UniPC",
        model="wan2.1-t2v-1.3b",
        bucket="video_fast",
        max_bytes=50 * MEGABYTE,
    )


@pytest.fixture(scope="session")
def prompt_payload() -> PromptPayload:
    """An order for a longer prompt."""
    return PromptPayload(
        family=Family.PROMPT, prompt="woman walking", seeds=(11,), max_new_tokens=512, model="qwen2.5-7b-instruct"
    )


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """A record with everything that a reader may choke on."""
    return Recipe(
        prompt="a lighthouse at dawn, 灯塔",
        negative_prompt="blurry",
        seed=2**64 - 1,
        width=64,
        height=48,
        steps=25,
        guidance_scale=7.0,
        sampler="DPM++ 2M Karras",
        model=ModelRef(name="sdxl-base-1.0", source="tiny:sdxl", sha256="ab" * 32),
        batch_shape=(6, 4, 8, 6),
        device="cpu",
        dtype="float32",
        threads=2,
        libraries={"gpu-worker": "0.1.0"},
        profile="tiny",
    )


class FakeRun:
    """The queue's side of one attempt, with its progress kept."""

    def __init__(self, job_type: str, payload: dict[str, Any], attempt: int) -> None:
        job = JobId("job")
        self.step = ClaimedStep(
            id=step_id(job, 1, 0),
            job_id=job,
            tenant=TenantId("t"),
            token=f"worker.{attempt}.0",
            attempt=attempt,
            timeout_s=60,
            payload=payload,
            requirements=Requirements(type=job_type),
        )
        self.stop = asyncio.Event()
        self.reported: list[float] = []
        self.previews: list[Preview] = []
        self.shown = asyncio.Event()

    def progress(self, percent: float, **_: object) -> None:
        self.reported.append(percent)

    def show_preview(self, preview: Preview) -> None:
        self.previews.append(preview)
        self.shown.set()


@pytest.fixture
def make_run() -> Callable[..., FakeRun]:
    """Make attempts as the queue would hand them out."""

    def make(job_type: str, payload: dict[str, Any], attempt: int = 1) -> FakeRun:
        return FakeRun(job_type, payload, attempt)

    return make
