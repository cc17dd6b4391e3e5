"""The demo notices when a file is not what was ordered; the files come from the worker's own encoders."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from darkroom_client.models import Job, JobState
from darkroom_local.demo.inspection import WrongResult, inspect
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.recipe import ModelRef, Recipe
from gpu_worker.outputs.mp4 import encode_mp4
from gpu_worker.outputs.png import encode_png
from PIL import Image

LIMIT_BYTES = 5_000_000
SDXL, VIDEO, ENHANCED = (CATALOGUE[name] for name in ("sdxl_image_fast", "video_fast", "image7b_fast_enhanced"))


def job(enhanced_prompt: str | None = None) -> Job:
    return Job(
        id="j", status=JobState.COMPLETED, job_type="any", created_at=datetime.now(UTC), enhanced_prompt=enhanced_prompt
    )


def recipe(width: int, height: int, seed: int = 1) -> Recipe:
    return Recipe(
        prompt="a lighthouse", seed=seed, width=width, height=height, steps=4, guidance_scale=7.0, sampler="UniPC",
        model=ModelRef(name="tiny", source="built here"), batch_shape=(1,), device="cpu", dtype="float32", threads=2,
        libraries={}, profile="tiny",
    )  # fmt: skip


@dataclass
class Maker:
    folder: Path

    def picture(self, name: str = "1.png", *, claimed_width: int = 32) -> Path:
        pixels = np.zeros((48, 32, 3), np.uint8)
        file = self.folder / name
        file.write_bytes(encode_png(pixels, recipe(claimed_width, 48), LIMIT_BYTES))
        return file

    def video(self, frames: int) -> Path:
        file = self.folder / "1.mp4"
        encode_mp4(np.zeros((frames, 48, 32, 3), np.uint8), 16, recipe(32, 48), file, LIMIT_BYTES)
        return file


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


def test_right_pictures_are_described_with_size_and_seed(make: Maker) -> None:
    files = [make.picture(f"{number}.png") for number in range(6)]
    findings = inspect(job(), SDXL, files)
    assert [finding.file for finding in findings] == files
    assert "32x48" in findings[0].description
    assert "seed 1" in findings[0].description


def test_a_right_video_is_described_with_its_duration(make: Maker) -> None:
    (finding,) = inspect(job(), VIDEO, [make.video(81)])
    assert "81 frames, 5.06 s" in finding.description


def test_a_missing_picture_is_noticed(make: Maker) -> None:
    with pytest.raises(WrongResult, match="1 files instead of 6"):
        inspect(job(), SDXL, [make.picture()])


def test_a_picture_that_is_not_the_size_in_its_recipe_is_noticed(make: Maker) -> None:
    with pytest.raises(WrongResult, match="not the size in its recipe"):
        inspect(job("longer"), ENHANCED, [make.picture(claimed_width=64)])


def test_a_picture_without_a_recipe_is_noticed(tmp_path: Path) -> None:
    Image.new("RGB", (32, 48)).save(tmp_path / "bare.png")
    with pytest.raises(WrongResult, match="no recipe"):
        inspect(job("longer"), ENHANCED, [tmp_path / "bare.png"])


def test_an_enhanced_job_without_its_prompt_is_noticed(make: Maker) -> None:
    with pytest.raises(WrongResult, match="no enhanced prompt"):
        inspect(job(), ENHANCED, [make.picture()])


def test_a_video_that_is_too_short_is_noticed(make: Maker) -> None:
    with pytest.raises(WrongResult, match="77 frames"):
        inspect(job(), VIDEO, [make.video(77)])
