"""Fixtures of the worker's tests: payloads, recipes, and the tiny models, built once a run."""

from pathlib import Path
from typing import Any

import pytest
from darkroom_schemas.payload import ImagePayload, PromptPayload, VideoPayload
from darkroom_schemas.recipe import ModelRef, PromptRead, Recipe, TextRead
from support.fake_run import FakeRun, MakeRun

MEGABYTE = 1_000_000


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give all tests one folder, so that each tiny model is built once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def image_payload() -> ImagePayload:
    """An order for six SDXL pictures as the platform sends it."""
    return ImagePayload(
        family="sdxl",
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
            "family": "wan_image",
            "seeds": (11,),
            "width": 480,
            "height": 832,
            "steps": 25,
            "sampler": "UniPC",
            "model": "wan2.1-t2v-1.3b",
        }
    )


@pytest.fixture(scope="session")
def z_image_payload(image_payload: ImagePayload) -> ImagePayload:
    """An order for four pictures of Z-Image Turbo."""
    return image_payload.model_copy(
        update={
            "family": "z_image",
            "seeds": (11, 12, 13, 14),
            "steps": 8,
            "guidance_scale": 0.0,
            "sampler": "Euler",
            "model": "z-image-turbo",
        }
    )


@pytest.fixture(scope="session")
def video_payload() -> VideoPayload:
    """An order for five seconds of WAN video."""
    return VideoPayload(
        family="wan_video",
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
        family="prompt", prompt="woman walking", seeds=(11,), max_new_tokens=512, model="qwen2.5-7b-instruct"
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
        text=TextRead(
            prompt=PromptRead(tokens=9, read=9, weighted=True, loras_not_applied=("<lora:墨:0.8>",)),
            negative_prompt=PromptRead(tokens=1, read=1),
        ),
    )


@pytest.fixture
def make_run() -> MakeRun:
    """Make attempts as the queue would hand them out."""

    def make(job_type: str, payload: dict[str, Any], attempt: int = 1) -> FakeRun:
        return FakeRun(job_type, payload, attempt)

    return make
