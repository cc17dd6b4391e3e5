"""LoRA tags of prompts, and what becomes of LoRAs that are named repeatedly."""

import pytest
from darkroom_schemas.loras import LoraChoice, LoraTag, add_up, find_tags, lora_model, lora_names, without_tags
from darkroom_schemas.payload import ImagePayload
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

PAYLOAD = {
    "family": "sdxl", "prompt": "a boat", "width": 64, "height": 64, "steps": 4, "guidance_scale": 1,
    "sampler": "LCM", "model": "m", "bucket": "b", "max_bytes": 1, "seeds": [1],
}  # fmt: skip


def test_tags_have_a_name_and_a_weight() -> None:
    text = "a <lora:ink v1.0:0.8>boat<lora: oil >, <lora:far:99> <lora:near:-.5>"
    assert find_tags(text) == (
        LoraTag("ink v1.0", 0.8, "<lora:ink v1.0:0.8>"),
        LoraTag("oil", 1.0, "<lora: oil >"),
        LoraTag("far", 10.0, "<lora:far:99>"),
        LoraTag("near", -0.5, "<lora:near:-.5>"),
    )
    assert without_tags(text) == "a boat,"


@pytest.mark.parametrize("text", ["", " a boat ", "<lora>", "<lora:>", "<lora:a:b>", "<lora:a:1:2>", "<hypernet:a:1>"])
def test_other_text_has_no_tags_and_stays(text: str) -> None:
    assert find_tags(text) == ()
    assert without_tags(text) == text


def test_the_weights_of_one_lora_add_up_to_the_limit() -> None:
    found = add_up([("oil", 1.0), ("ink", 0.5), ("ink", 0.25), ("far", 9.0), ("far", 9.0)])
    assert found == (
        LoraChoice(name="far", weight=10),
        LoraChoice(name="ink", weight=0.75),
        LoraChoice(name="oil", weight=1),
    )


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-10, 10)), max_size=8))
def test_the_order_of_loras_does_not_matter(loras: list[tuple[str, float]]) -> None:
    one, other = add_up(loras), add_up(reversed(loras))
    assert [lora.name for lora in one] == [lora.name for lora in other]
    assert [lora.weight for lora in one] == pytest.approx([lora.weight for lora in other])


def test_workers_offer_loras_as_models() -> None:
    assert lora_model("ink") == "lora:ink"
    assert lora_names(["sdxl-base-1.0", "lora:oil", "lora:ink", "lora:oil"]) == ["ink", "oil"]


def test_a_payload_has_up_to_eight_loras_with_bounded_weights() -> None:
    eight = ImagePayload.model_validate(PAYLOAD | {"loras": [{"name": f"{n}"} for n in range(8)]})
    assert eight.loras[7] == LoraChoice(name="7", weight=1.0)
    for wrong in (
        [{"name": "a"}] * 9,
        [{"name": ""}],
        [{"name": "a" * 201}],
        [{"name": "a", "weight": 10.1}],
        [{"name": "a", "weight": float("nan")}],
    ):
        with pytest.raises(ValidationError, match="loras"):
            ImagePayload.model_validate(PAYLOAD | {"loras": wrong})


def test_another_family_refuses_loras() -> None:
    with pytest.raises(ValidationError, match=r"loras\n.*wan_image applies no LoRAs"):
        ImagePayload.model_validate(PAYLOAD | {"family": "wan_image", "loras": [{"name": "ink"}]})
