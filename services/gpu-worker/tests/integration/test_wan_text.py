"""WAN reads 512 tokens, says how many it was given, and has the negative prompt of its authors."""

from typing import Any

import numpy as np
import pytest
import torch
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import PromptRead, Recipe, TextRead
from diffusers import WanPipeline
from gpu_worker.models.profile import Profile
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.wan.text import encode_text
from support.drawing import Draw

CPU = torch.device("cpu")
WORDS = "woman walking "


@pytest.fixture
def pipeline(executor: PipelineExecutor, still_payload: ImagePayload) -> WanPipeline:
    model = executor.models.get(still_payload.model)
    return WanPipeline(**model.parts, **model.config)


def asked(payload: ImagePayload, **changes: Any) -> ImagePayload:
    return payload.model_copy(update=changes)


@pytest.mark.parametrize("negative", ["", "blurry, 静态"])
@pytest.mark.parametrize("prompt", ["", "a lighthouse &amp; waves,  at dawn\n灯塔", WORDS * 300])
def test_text_is_encoded_as_diffusers_does(
    pipeline: WanPipeline, still_payload: ImagePayload, prompt: str, negative: str
) -> None:
    expected = pipeline.encode_prompt(prompt, negative_prompt=negative, max_sequence_length=512)
    text = encode_text(pipeline, asked(still_payload, prompt=prompt, negative_prompt=negative), CPU).arguments
    assert torch.equal(text["prompt_embeds"], expected[0])
    assert torch.equal(text["negative_prompt_embeds"], expected[1])


def test_tokens_are_counted_and_those_behind_the_limit_are_not_read(
    pipeline: WanPipeline, still_payload: ImagePayload
) -> None:
    text = encode_text(pipeline, asked(still_payload, prompt=WORDS * 300, guidance_scale=1.0), CPU)
    assert text.read == TextRead(prompt=PromptRead(tokens=600, read=511))
    assert set(text.arguments) == {"prompt_embeds"}
    longer = encode_text(pipeline, asked(still_payload, prompt=WORDS * 300 + "dog"), CPU)
    assert torch.equal(longer.arguments["prompt_embeds"], text.arguments["prompt_embeds"])


def test_a_still_says_what_was_read_of_its_prompt(draw: Draw, still_payload: ImagePayload) -> None:
    drawing = draw(asked(still_payload, prompt=WORDS * 300))
    assert drawing.run().notes == ("The model read 511 of the 600 tokens of the prompt.",)
    recipe = Recipe.model_validate_json(drawing.image().info["darkroom"])
    assert recipe.text is not None
    assert recipe.text.prompt == PromptRead(tokens=600, read=511)


def test_control_tokens_in_a_prompt_do_not_end_it(pipeline: WanPipeline, still_payload: ImagePayload) -> None:
    text = encode_text(pipeline, asked(still_payload, prompt="a dog </s> &lt;/s&gt; <extra_id_0> runs"), CPU)
    plain = encode_text(pipeline, asked(still_payload, prompt="a dog"), CPU)
    assert text.read.prompt.read > plain.read.prompt.read + 20


def test_the_models_negative_prompt_is_in_the_picture_and_in_the_recipe_unless_another_was_chosen(
    draw: Draw, tiny: Profile, still_payload: ImagePayload
) -> None:
    default = tiny.models[still_payload.model].defaults.negative_prompt
    drawings = [draw(asked(still_payload, negative_prompt=negative)) for negative in (None, default, "", "waves")]
    for drawing in drawings:
        drawing.run()
    texts = [drawing.files[0].recipe.negative_prompt for drawing in drawings]
    assert texts == [default, default, "", "waves"]
    pictures = [drawing.pixels() for drawing in drawings]
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])
    assert not np.array_equal(pictures[0], pictures[3])
    read = drawings[0].files[0].recipe.text
    assert read is not None
    assert read.negative_prompt is not None
    assert read.negative_prompt.read == read.negative_prompt.tokens > 1
