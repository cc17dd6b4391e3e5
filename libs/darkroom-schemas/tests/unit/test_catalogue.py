import pytest
from darkroom_schemas.catalogue import CATALOGUE, OURVIDZ_TYPES
from darkroom_schemas.families import Kind


def test_the_ten_documented_types_come_first_and_in_order() -> None:
    assert OURVIDZ_TYPES == (
        "sdxl_image_fast", "sdxl_image_high", "image_fast", "image_high", "video_fast", "video_high",
        "image7b_fast_enhanced", "image7b_high_enhanced", "video7b_fast_enhanced", "video7b_high_enhanced",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "limit_mb"),
    [("sdxl_image_fast", 5), ("sdxl_image_high", 10), ("image_fast", 5), ("image_high", 10), ("video_fast", 50),
     ("video_high", 200), ("image7b_fast_enhanced", 20), ("image7b_high_enhanced", 20),
     ("video7b_fast_enhanced", 100), ("video7b_high_enhanced", 100)],
)  # fmt: skip
def test_bucket_limits_are_the_documented_ones(name: str, limit_mb: int) -> None:
    assert CATALOGUE[name].max_output_bytes == limit_mb * 1_000_000


def test_sdxl_makes_six_square_pictures_and_takes_a_negative_prompt() -> None:
    entry = CATALOGUE["sdxl_image_high"]
    assert (entry.outputs, entry.width, entry.height, entry.takes_loras) == (6, 1024, 1024, True)


def test_every_type_that_draws_with_guidance_takes_a_negative_prompt() -> None:
    taking = [name for name, entry in CATALOGUE.items() if entry.takes_negative_prompt]
    assert taking == list(OURVIDZ_TYPES)


@pytest.mark.parametrize(("name", "frames"), [("video_fast", 81), ("video_high", 97)])
def test_videos_are_portrait_at_16_frames_a_second(name: str, frames: int) -> None:
    entry = CATALOGUE[name]
    assert (entry.kind, entry.width, entry.height, entry.fps, entry.frames) == (Kind.VIDEO, 480, 832, 16, frames)


def test_a_job_costs_its_outputs_plus_the_enhancement() -> None:
    entry = CATALOGUE["image7b_fast_enhanced"]
    assert entry.total_price_mc == entry.price_mc + entry.enhance_price_mc
