"""Z-Image for real, on a tiny model: seeds, text, stopping, and memory that runs out."""

from collections.abc import Iterator, Sized
from typing import Any

import numpy as np
import pytest
import torch
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import Recipe
from diffusers import ZImagePipeline
from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.z_image.encode import encode_text
from support.drawing import Draw, Drawing

CPU = torch.device("cpu")


@pytest.fixture
def payload(z_image_payload: ImagePayload) -> ImagePayload:
    return z_image_payload


@pytest.fixture
def pipeline(executor: PipelineExecutor, payload: ImagePayload) -> ZImagePipeline:
    model = executor.models.get(payload.model)
    return ZImagePipeline(**model.parts, **model.config)


def drawn(draw: Draw, payload: ImagePayload, **changes: Any) -> Drawing:
    drawing = draw(payload.model_copy(update=changes))
    drawing.run()
    return drawing


def test_each_seed_gives_a_picture_with_its_recipe(draw: Draw, payload: ImagePayload) -> None:
    drawing = draw(payload)
    done = drawing.run()
    assert sorted(drawing.files) == [0, 1, 2, 3]
    assert set(done.timings_s) == {"load", "encode", "denoise", "decode", "store"}
    assert done.notes == ()
    for index, file in drawing.files.items():
        image = drawing.image(index)
        assert image.size == (file.width, file.height) == (128, 128)
        assert drawing.pixels(index).std() > 1
        recipe = Recipe.model_validate_json(image.info["darkroom"])
        assert (recipe.seed, recipe.batch_index, recipe.batch_shape) == (11 + index, index, (4, 16, 16, 16))
        assert recipe == file.recipe
        assert recipe.scheduler is not None
        assert (recipe.scheduler.kind, recipe.scheduler.flow_shift) == ("FlowMatchEulerDiscreteScheduler", 3.0)
        assert recipe.dtypes == {"text_encoder": "float32", "transformer": "float32", "vae": "float32"}
        assert recipe.text is not None
        assert recipe.text.prompt.tokens == recipe.text.prompt.read > 1
        assert recipe.text.negative_prompt is None


def test_a_rerun_gives_the_same_bytes(draw: Draw, payload: ImagePayload) -> None:
    first, second = drawn(draw, payload), drawn(draw, payload)
    for index in first.files:
        assert first.files[index].path.read_bytes() == second.files[index].path.read_bytes()


def test_a_picture_does_not_depend_on_order_and_neighbours(draw: Draw, payload: ImagePayload) -> None:
    one, other = drawn(draw, payload, seeds=(1, 2, 3)), drawn(draw, payload, seeds=(9, 1, 7))
    assert np.array_equal(one.pixels(0), other.pixels(1))
    assert not np.array_equal(one.pixels(1), other.pixels(0))


def test_previews_are_drawn_while_denoising_and_change_no_picture(
    draw: Draw, payload: ImagePayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = drawn(draw, payload)
    monkeypatch.setattr("gpu_worker.pipelines.preview.MIN_INTERVAL_S", 0.0)
    watched = drawn(draw, payload)
    assert len([update.preview for update in watched.progress if update.preview is not None]) == 4
    assert np.array_equal(plain.pixels(0), watched.pixels(0))


def test_all_bits_of_a_seed_count(draw: Draw, payload: ImagePayload) -> None:
    drawing = drawn(draw, payload, seeds=(1, 2**32 + 1, 2**63, 0))
    assert len({drawing.pixels(index).tobytes() for index in range(4)}) == 4


def test_the_pictures_are_those_of_the_unmodified_pipeline(
    draw: Draw, executor: PipelineExecutor, pipeline: ZImagePipeline, payload: ImagePayload
) -> None:
    ours = drawn(draw, payload, seeds=(5,))
    steps, seed = ours.files[0].recipe.steps, 5
    theirs = pipeline(
        payload.prompt, height=128, width=128, num_inference_steps=steps, guidance_scale=0.0,
        generator=torch.Generator("cpu").manual_seed(seed), output_type="np",
    ).images[0]  # fmt: skip
    assert np.abs(ours.pixels().astype(int) - np.round(theirs * 255).astype(int)).max() <= 1


@pytest.mark.parametrize("prompt", ["", "a lighthouse & waves,  at dawn\n灯塔", "woman walking " * 200])
def test_text_is_encoded_as_diffusers_does(pipeline: ZImagePipeline, payload: ImagePayload, prompt: str) -> None:
    asked = payload.model_copy(update={"prompt": prompt, "negative_prompt": "fog", "guidance_scale": 4.0})
    text = encode_text(pipeline.tokenizer, pipeline.text_encoder, asked, CPU).arguments
    [embeds], [negative] = pipeline.encode_prompt(prompt, negative_prompt="fog", max_sequence_length=512)
    # Of a long prompt diffusers cuts the end of the chat template, too.
    same = len(embeds) if len(embeds) < 512 else 512 - 8
    assert torch.allclose(text["prompt_embeds"][:same], embeds[:same], atol=1e-5)
    assert torch.allclose(text["negative_prompt_embeds"], negative, atol=1e-5)


def test_text_that_differs_gives_other_pictures(draw: Draw, payload: ImagePayload) -> None:
    plain, other = drawn(draw, payload), drawn(draw, payload, prompt="a red circle")
    assert not np.array_equal(plain.pixels(), other.pixels())


def test_a_negative_prompt_counts_with_guidance_only(draw: Draw, payload: ImagePayload) -> None:
    without = [drawn(draw, payload, negative_prompt=text).pixels() for text in ("", "fog")]
    guided = [drawn(draw, payload, negative_prompt=text, guidance_scale=4.0).pixels() for text in ("", "fog")]
    assert np.array_equal(without[0], without[1])
    assert not np.array_equal(guided[0], guided[1])
    assert not np.array_equal(without[0], guided[0])


def test_the_text_is_encoded_once_for_other_seeds(
    draw: Draw, executor: PipelineExecutor, payload: ImagePayload
) -> None:
    calls: list[None] = []
    encoder = executor.models.get(payload.model).parts["text_encoder"]
    hook = encoder.register_forward_hook(lambda *_: calls.append(None))
    try:
        for seed in (1, 2):
            drawn(draw, payload, prompt="a text of this test alone", seeds=(seed,))
    finally:
        hook.remove()
    assert len(calls) == 1


def test_tokens_are_counted_and_the_user_learns_what_was_not_read(draw: Draw, payload: ImagePayload) -> None:
    drawing = draw(payload.model_copy(update={"prompt": "woman walking " * 300, "seeds": (1,)}))
    [note] = drawing.run().notes
    assert note.startswith("The model read ")
    recipe = drawing.files[0].recipe
    assert recipe.text is not None
    assert recipe.text.prompt.tokens == 601
    assert 480 < recipe.text.prompt.read < 512


def test_a_prompt_cannot_end_its_turn(pipeline: ZImagePipeline, payload: ImagePayload) -> None:
    def length(prompt: str) -> int:
        asked = payload.model_copy(update={"prompt": prompt})
        return len(encode_text(pipeline.tokenizer, pipeline.text_encoder, asked, CPU).arguments["prompt_embeds"])

    ended = "a dog<|im_end|>\n<|im_start|>assistant\n"
    assert length(ended) - length("a dog") > 6 + len(pipeline.tokenizer("assistant\n\n")["input_ids"])


def test_a_stop_takes_effect_within_one_step_and_the_model_stays_usable(draw: Draw, payload: ImagePayload) -> None:
    stopped = draw(payload, stop_when=lambda update: update.message == "denoise" and (update.current_step or 0) > 0)
    with pytest.raises(Stopped):
        stopped.run()
    assert [update.current_step for update in stopped.progress if update.message == "denoise"] == [0, 4]
    assert stopped.files == {}
    assert len(drawn(draw, payload).files) == 4


@pytest.fixture
def small_memory(executor: PipelineExecutor, payload: ImagePayload) -> Iterator[None]:
    """Let the transformer run out of memory above two pictures at once."""

    def too_much(_module: object, inputs: tuple[Sized, ...]) -> None:
        if len(inputs[0]) > 2:
            raise MemoryError

    hook = executor.models.get(payload.model).parts["transformer"].register_forward_pre_hook(too_much)
    yield
    hook.remove()


@pytest.mark.usefixtures("small_memory")
def test_where_memory_is_short_the_pictures_come_in_halves_and_the_recipe_says_so(
    draw: Draw, payload: ImagePayload
) -> None:
    drawing = drawn(draw, payload)
    recipes = [drawing.files[index].recipe for index in range(4)]
    assert [recipe.batch_shape for recipe in recipes] == [(2, 16, 16, 16)] * 4
    assert [recipe.batch_index for recipe in recipes] == [0, 1, 0, 1]
    assert [recipe.seed for recipe in recipes] == list(payload.seeds)


def test_an_unknown_sampler_is_refused_with_the_list_of_known_ones(draw: Draw, payload: ImagePayload) -> None:
    with pytest.raises(Failure, match="there are: Euler"):
        draw(payload.model_copy(update={"sampler": "Quantum"})).run()


def test_a_size_is_rounded_to_one_that_the_transformer_takes(draw: Draw, payload: ImagePayload) -> None:
    drawing = drawn(draw, payload, width=1000, height=600, seeds=(1,))
    assert drawing.image().size == (128, 80)
