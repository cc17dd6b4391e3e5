"""SDXL reads all of its prompts, with weights, on a tiny model whose encoders are real."""

from typing import Any

import numpy as np
import pytest
import torch
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import PromptRead, TextRead
from diffusers import StableDiffusionXLPipeline
from gpu_worker.domain.failures import Failure
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.sdxl.text import encode_text, weigh
from support.drawing import Draw

CPU = torch.device("cpu")
LONG = "a red dog runs, " * 14
"""70 tokens of a chunk's 75."""


@pytest.fixture
def pipeline(executor: PipelineExecutor, image_payload: ImagePayload) -> StableDiffusionXLPipeline:
    model = executor.models.get(image_payload.model)
    return StableDiffusionXLPipeline(**model.parts, **model.config, add_watermarker=False)


def asked(payload: ImagePayload, **changes: Any) -> ImagePayload:
    return payload.model_copy(update=changes)


@pytest.mark.parametrize("negative", ["", "blurry, dark"])
@pytest.mark.parametrize("prompt", ["", "a lighthouse at dawn, 灯塔", LONG])
@pytest.mark.parametrize("force_zeros", [True, False])
def test_a_short_prompt_is_encoded_as_diffusers_does(
    pipeline: StableDiffusionXLPipeline, image_payload: ImagePayload, prompt: str, negative: str, *, force_zeros: bool
) -> None:
    pipeline.register_to_config(force_zeros_for_empty_prompt=force_zeros)
    expected = pipeline.encode_prompt(prompt, negative_prompt=negative or None)
    text = encode_text(pipeline, asked(image_payload, prompt=prompt, negative_prompt=negative), CPU).arguments
    names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
    for name, tensor in zip(names, expected, strict=True):
        assert torch.equal(text[name], tensor), name


@pytest.mark.parametrize(("clip_skip", "in_diffusers"), [(None, None), (1, None), (2, 0), (3, 1)])
def test_clip_skip_is_the_layer_from_the_end_and_at_least_two(
    pipeline: StableDiffusionXLPipeline, image_payload: ImagePayload, clip_skip: int | None, in_diffusers: int | None
) -> None:
    expected = pipeline.encode_prompt("a dog", clip_skip=in_diffusers)[0]
    text = encode_text(pipeline, asked(image_payload, prompt="a dog", clip_skip=clip_skip), CPU)
    assert torch.equal(text.arguments["prompt_embeds"], expected)
    assert text.read.clip_skip == clip_skip


def test_the_largest_clip_skip_is_the_first_layer(
    pipeline: StableDiffusionXLPipeline, image_payload: ImagePayload
) -> None:
    text = encode_text(pipeline, asked(image_payload, prompt="a dog", clip_skip=3), CPU)
    ids = pipeline.tokenizer("a dog", padding="max_length", return_tensors="pt").input_ids
    first = pipeline.text_encoder(ids, output_hidden_states=True).hidden_states[1]
    assert torch.equal(text.arguments["prompt_embeds"][..., : first.shape[-1]], first)


def test_clip_skip_beyond_the_models_layers_is_refused(
    pipeline: StableDiffusionXLPipeline, image_payload: ImagePayload
) -> None:
    with pytest.raises(Failure, match="clip_skip: must be 1 to 3 for this model, is 4"):
        encode_text(pipeline, asked(image_payload, clip_skip=4), CPU)


def test_each_chunk_is_encoded_like_a_prompt_of_its_own(
    pipeline: StableDiffusionXLPipeline, image_payload: ImagePayload
) -> None:
    parts = ["a red dog", "waves at night", "the sea"]
    whole = encode_text(
        pipeline, asked(image_payload, prompt=" BREAK ".join(parts), negative_prompt="fog"), CPU
    ).arguments
    alone = [pipeline.encode_prompt(part, negative_prompt="fog") for part in parts]
    empty = pipeline.encode_prompt("")[0]
    assert torch.equal(whole["prompt_embeds"], torch.cat([encoded[0] for encoded in alone], dim=1))
    assert torch.equal(whole["negative_prompt_embeds"], torch.cat([alone[0][1], empty, empty], dim=1))
    assert torch.equal(whole["pooled_prompt_embeds"], alone[0][2])


def test_a_longer_negative_prompt_pads_the_prompt(
    pipeline: StableDiffusionXLPipeline, image_payload: ImagePayload
) -> None:
    text = encode_text(pipeline, asked(image_payload, prompt="a dog", negative_prompt=LONG * 2), CPU)
    assert text.arguments["prompt_embeds"].shape == text.arguments["negative_prompt_embeds"].shape == (1, 154, 64)
    assert text.read == TextRead(
        prompt=PromptRead(tokens=2, read=2), negative_prompt=PromptRead(tokens=140, read=140, chunks=2)
    )


def test_without_guidance_no_negative_prompt_is_encoded(
    pipeline: StableDiffusionXLPipeline, image_payload: ImagePayload
) -> None:
    text = encode_text(pipeline, asked(image_payload, guidance_scale=1.0), CPU)
    assert set(text.arguments) == {"prompt_embeds", "pooled_prompt_embeds"}
    assert text.read.negative_prompt is None


def test_weights_multiply_hidden_states_and_keep_their_mean() -> None:
    hidden = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]]])
    # Multiplied by (1, 2, 0): 1, 2, 6, 8, 0, 0. The mean falls from 4 to 17/6, so all are multiplied by 24/17.
    expected = torch.tensor([[[24.0, 48.0], [144.0, 192.0], [0.0, 0.0]]]) / 17
    torch.testing.assert_close(weigh(hidden, [1.0, 2.0, 0.0]), expected)
    assert weigh(hidden, [1.0, 1.0, 1.0]) is hidden
    assert weigh(hidden.half(), [1.0, 2.0, 0.0]).dtype is torch.float16


def test_a_mean_that_vanishes_is_not_restored() -> None:
    hidden = torch.tensor([[[1.0], [1.0]]])
    assert weigh(hidden, [1.0, -1.0]).tolist() == [[[1.0], [-1.0]]]


def test_weighted_states_stay_finite_in_half_precision() -> None:
    hidden = torch.tensor([[[60_000.0, -59_999.0], [1.0, 1.0]]], dtype=torch.float16)
    assert bool(torch.isfinite(weigh(hidden, [10.0, 1.0])).all())


def test_a_weight_in_the_prompt_applies_to_its_tokens_in_both_encoders(
    pipeline: StableDiffusionXLPipeline, image_payload: ImagePayload
) -> None:
    plain = encode_text(pipeline, asked(image_payload, prompt="a red dog"), CPU).arguments
    text = encode_text(pipeline, asked(image_payload, prompt="a (red:1.5) dog"), CPU)
    weights = [1.0] * 77
    weights[2] = 1.5  # behind the start token and "a"
    first = pipeline.text_encoder.config.hidden_size
    halves = (plain["prompt_embeds"][..., :first], plain["prompt_embeds"][..., first:])
    expected = torch.cat([weigh(half, weights) for half in halves], dim=-1)
    assert torch.equal(text.arguments["prompt_embeds"], expected)
    assert torch.equal(text.arguments["pooled_prompt_embeds"], plain["pooled_prompt_embeds"])
    assert text.read.prompt == PromptRead(tokens=3, read=3, weighted=True)


def test_control_tokens_in_a_prompt_do_not_end_it(
    pipeline: StableDiffusionXLPipeline, image_payload: ImagePayload
) -> None:
    pooled = [
        encode_text(pipeline, asked(image_payload, prompt=f"a dog <|endoftext|> {last}"), CPU).arguments
        for last in ("runs", "sleeps")
    ]
    assert not torch.equal(pooled[0]["pooled_prompt_embeds"], pooled[1]["pooled_prompt_embeds"])


@pytest.mark.parametrize("before", [80, 160])
def test_prompts_that_differ_only_behind_the_first_chunks_give_other_pictures(
    draw: Draw, image_payload: ImagePayload, before: int
) -> None:
    pictures = []
    for last in ("waves", "fire"):
        drawing = draw(asked(image_payload, seeds=(1,), prompt="red " * before + last))
        drawing.run()
        recipe = drawing.files[0].recipe
        assert recipe.text is not None
        assert recipe.text.prompt == PromptRead(tokens=before + 1, read=before + 1, chunks=before // 75 + 1)
        pictures.append(drawing.pixels())
    assert not np.array_equal(pictures[0], pictures[1])


def test_text_behind_the_last_chunk_and_loras_are_named_in_the_recipe(draw: Draw, image_payload: ImagePayload) -> None:
    prompt = "<lora:sketch:0.8>" + "red BREAK " * 107 + "waves"
    drawing = draw(asked(image_payload, seeds=(1,), width=64, height=64, prompt=prompt))
    done = drawing.run()
    assert done.notes == (
        "The model read 107 of the 108 tokens of the prompt.",
        "LoRAs that this worker does not have, or that a negative prompt names, were not applied: <lora:sketch:0.8>.",
    )
    assert drawing.files[0].recipe.text == TextRead(
        prompt=PromptRead(tokens=108, read=107, chunks=107, loras_not_applied=("<lora:sketch:0.8>",)),
        negative_prompt=PromptRead(tokens=1, read=1),
    )
