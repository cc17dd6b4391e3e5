"""The catalogue completes a payload: every value that nobody gave is the type's."""

from typing import Any

import pytest
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.payload import MAX_SEED
from darkroom_schemas.planning import MADE_SEEDS_BELOW, complete_payload, payload_model, plain_type, seeds_from
from pydantic import ValidationError

ENOUGH: dict[str, dict[str, Any]] = {
    "comfyui": {"workflow": {"1": {"class_type": "EmptyImage", "inputs": {}}}},
    "ollama_chat": {"model": "m", "messages": [{"role": "user", "content": "hello"}]},
    "openai_chat": {"model": "m", "messages": [{"role": "user", "content": "hello"}]},
    "openai_image": {"model": "m", "prompt": "a boat"},
    "fetch_api": {"url": "https://example.org/"},
    "simulation": {},
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_an_outside_submitter_knows_is_enough_for_every_type(name: str) -> None:
    entry = CATALOGUE[name]
    payload = complete_payload(entry, ENOUGH.get(name, {"prompt": "a boat"}))
    assert payload_model(entry).model_validate(payload)


def test_the_type_decides_what_is_not_given() -> None:
    entry = CATALOGUE["sdxl_image_fast"]
    payload = complete_payload(entry, {"prompt": "a boat", "width": 512, "sampler": "Euler"}, seed=7)
    assert (payload["width"], payload["height"], payload["sampler"]) == (512, 1024, "Euler")
    assert (payload["model"], payload["bucket"], payload["steps"]) == (entry.model, entry.bucket, entry.steps)
    assert payload["seeds"] == [7, 8, 9, 10, 11, 12]


def test_given_seeds_are_retained() -> None:
    assert complete_payload(CATALOGUE["sdxl_image_fast"], {"prompt": "x", "seeds": [1]}, seed=7)["seeds"] == [1]


def test_seeds_are_random_below_what_javascript_can_write_and_wrap_at_64_bits() -> None:
    assert seeds_from(MAX_SEED, 2) == (MAX_SEED, 0)
    assert 0 <= seeds_from(None, 1)[0] < MADE_SEEDS_BELOW
    assert len({seeds_from(None, 1) for _ in range(5)}) > 1


@pytest.mark.parametrize("given", [{}, {"prompt": 5}, {"prompt": "x", "width": 10**30}, {"prompt": "x", "seeds": [-1]}])
def test_what_does_not_fit_the_type_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        complete_payload(CATALOGUE["sdxl_image_fast"], given)


@pytest.mark.parametrize(
    ("enhanced", "plain"),
    [
        ("image7b_fast_enhanced", "image_fast"),
        ("image7b_high_enhanced", "image_high"),
        ("video7b_fast_enhanced", "video_fast"),
        ("video7b_high_enhanced", "video_high"),
    ],
)
def test_every_enhanced_type_has_a_plain_one(enhanced: str, plain: str) -> None:
    assert plain_type(CATALOGUE[enhanced]) == CATALOGUE[plain]
