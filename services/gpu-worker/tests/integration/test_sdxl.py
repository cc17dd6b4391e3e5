"""SDXL for real, on a tiny model: seeds, samplers, stopping, and memory that runs out."""

import math
from collections.abc import Iterator, Sized

import numpy as np
import pytest
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import Recipe
from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.sdxl.samplers import SAMPLERS
from PIL import Image
from support.drawing import Draw


def test_each_seed_gives_a_picture_with_its_recipe(draw: Draw, image_payload: ImagePayload) -> None:
    drawing = draw(image_payload)
    done = drawing.run()
    assert sorted(drawing.files) == [0, 1, 2, 3, 4, 5]
    assert set(done.timings_s) == {"load", "loras", "denoise", "decode", "store"}
    for index, file in drawing.files.items():
        image = drawing.image(index)
        assert image.size == (file.width, file.height) == (128, 128)
        recipe = Recipe.model_validate_json(image.info["darkroom"])
        assert (recipe.seed, recipe.batch_index, recipe.batch_shape) == (11 + index, index, (6, 4, 16, 16))
        assert recipe == file.recipe
        assert recipe.model.sha256 is not None
        assert drawing.thumbnail(index).size == (128, 128)


def test_previews_are_drawn_while_denoising_and_change_no_picture(
    draw: Draw, image_payload: ImagePayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, watched = draw(image_payload), draw(image_payload)
    for drawing, every_s in ((plain, math.inf), (watched, 0.0)):
        monkeypatch.setattr("gpu_worker.pipelines.preview.MIN_INTERVAL_S", every_s)
        drawing.run()
    previews = [update.preview for update in watched.progress if update.preview is not None]
    assert len(previews) == 4
    count, grid = len(image_payload.seeds), previews[-1].grid
    assert (grid.first, grid.count) == (0, count)
    rows = math.ceil(count / grid.columns)
    with Image.open(previews[-1].path) as picture:
        assert (picture.format, picture.size) == ("WEBP", (16 * grid.columns, 16 * rows))
    assert [update.preview for update in plain.progress if update.preview is not None] == []
    assert np.array_equal(plain.pixels(0), watched.pixels(0))


def test_a_rerun_gives_the_same_bytes(draw: Draw, image_payload: ImagePayload) -> None:
    first, second = draw(image_payload), draw(image_payload)
    first.run()
    second.run()
    for index in first.files:
        assert first.files[index].path.read_bytes() == second.files[index].path.read_bytes()


def test_a_picture_does_not_depend_on_its_neighbours(draw: Draw, image_payload: ImagePayload) -> None:
    one = draw(image_payload.model_copy(update={"seeds": (1, 2, 3)}))
    other = draw(image_payload.model_copy(update={"seeds": (9, 1, 7)}))
    one.run()
    other.run()
    assert np.array_equal(one.pixels(0), other.pixels(1))
    assert not np.array_equal(one.pixels(1), other.pixels(0))


def test_another_batch_size_changes_a_picture_by_at_most_one_step_of_brightness(
    draw: Draw, image_payload: ImagePayload
) -> None:
    batch, single = draw(image_payload), draw(image_payload.model_copy(update={"seeds": image_payload.seeds[:1]}))
    batch.run()
    single.run()
    assert np.abs(batch.pixels(0).astype(int) - single.pixels(0).astype(int)).max() <= 1


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_draws_the_same_picture_for_the_same_seed(
    draw: Draw, image_payload: ImagePayload, sampler: str
) -> None:
    order = {"seeds": (5, 5, 6), "sampler": sampler, "width": 512, "height": 512}
    drawing = draw(image_payload.model_copy(update=order))
    drawing.run()
    assert np.array_equal(drawing.pixels(0), drawing.pixels(1))
    assert not np.array_equal(drawing.pixels(0), drawing.pixels(2))


def test_an_unknown_sampler_is_refused_with_the_list_of_known_ones(draw: Draw, image_payload: ImagePayload) -> None:
    with pytest.raises(Failure, match="Euler a"):
        draw(image_payload.model_copy(update={"sampler": "Quantum"})).run()


def test_progress_rises_to_the_end(draw: Draw, image_payload: ImagePayload) -> None:
    drawing = draw(image_payload)
    drawing.run()
    percents = [update.percent for update in drawing.progress]
    assert percents == sorted(percents)
    assert percents[-1] > 95
    assert [update.total_steps for update in drawing.progress if update.message == "denoise"][-1] == 6 * 4


def test_a_stop_takes_effect_within_one_step_and_the_model_stays_usable(
    draw: Draw, image_payload: ImagePayload
) -> None:
    stopped = draw(
        image_payload, stop_when=lambda update: update.message == "denoise" and (update.current_step or 0) > 0
    )
    with pytest.raises(Stopped):
        stopped.run()
    assert [update.current_step for update in stopped.progress if update.message == "denoise"] == [0, 6]
    assert stopped.files == {}
    again = draw(image_payload)
    again.run()
    assert len(again.files) == 6


@pytest.fixture
def small_memory(executor: PipelineExecutor, image_payload: ImagePayload) -> Iterator[None]:
    """Let the UNet run out of memory above three pictures at once."""

    def too_much(_module: object, inputs: tuple[Sized, ...]) -> None:
        if len(inputs[0]) > 2 * 3:  # guidance doubles the batch
            raise MemoryError

    unet = executor.models.get(image_payload.model).parts["unet"]
    hook = unet.register_forward_pre_hook(too_much)
    yield
    hook.remove()


@pytest.mark.usefixtures("small_memory")
def test_where_memory_is_short_the_pictures_come_in_halves_and_the_recipe_says_so(
    draw: Draw, image_payload: ImagePayload
) -> None:
    drawing = draw(image_payload)
    drawing.run()
    shapes = [drawing.files[index].recipe.batch_shape for index in range(6)]
    assert shapes == [(3, 4, 16, 16)] * 6
    assert [drawing.files[index].recipe.batch_index for index in range(6)] == [0, 1, 2, 0, 1, 2]
    assert [drawing.files[index].recipe.seed for index in range(6)] == list(image_payload.seeds)


def test_a_picture_over_its_buckets_limit_fails_the_step(draw: Draw, image_payload: ImagePayload) -> None:
    with pytest.raises(Failure, match="bucket allows 2000"):
        draw(image_payload.model_copy(update={"max_bytes": 2000})).run()


def test_a_model_that_is_not_offered_is_refused(draw: Draw, image_payload: ImagePayload) -> None:
    with pytest.raises(Failure, match="no model 'flux'"):
        draw(image_payload.model_copy(update={"model": "flux"})).run()


def test_seeds_that_differ_in_their_upper_half_give_different_pictures(draw: Draw, image_payload: ImagePayload) -> None:
    drawing = draw(image_payload.model_copy(update={"seeds": (1, 2**32 + 1, 2**63, 0)}))
    drawing.run()
    pictures = {drawing.pixels(index).tobytes() for index in range(4)}
    assert len(pictures) == 4
    assert drawing.files[1].recipe.seed == 2**32 + 1
