"""Payloads of every job type: completed by the catalogue, bounded, priced, and refused by field."""

from typing import Any

import pytest
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.remote_payloads import REMOTE_PAYLOADS
from darkroom_schemas.worker import Requirements
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.plan_step import plan_steps

GRAPH = {"1": {"class_type": "EmptyImage", "inputs": {}}}
ASK = [{"role": "user", "content": "{{steps.00.text}}"}]
PAYLOADS: dict[str, dict[str, Any]] = {
    "comfyui": {"workflow": GRAPH, "max_outputs": 3},
    "a1111": {"prompt": "a boat", "seeds": [1, 2]},
    "ollama_chat": {"model": "m", "messages": ASK},
    "openai_chat": {"model": "m", "messages": ASK, "max_tokens": 5},
    "openai_image": {"model": "m", "prompt": "a boat", "count": 2},
    "stability_api": {"prompt": "a boat"},
    "fetch_api": {"url": "{{steps.00.outputs.0.url}}"},
    "simulation": {},
}
OUTPUTS = {"comfyui": 3, "a1111": 2, "openai_image": 2}


def test_every_type_of_the_catalogue_is_either_ours_or_has_a_payload_model() -> None:
    ours = {name for name, entry in CATALOGUE.items() if entry.family is not None}
    assert ours | REMOTE_PAYLOADS.keys() == CATALOGUE.keys()
    assert not ours & REMOTE_PAYLOADS.keys()


@pytest.mark.parametrize("job_type", REMOTE_PAYLOADS)
def test_payload_of_a_back_end_is_priced_by_its_outputs_and_gets_its_bucket(job_type: str) -> None:
    [step] = plan_steps(job_type, PAYLOADS[job_type], None, where="x")
    assert step.outputs == OUTPUTS.get(job_type, 1)
    assert step.price_mc == CATALOGUE[job_type].price_mc
    assert ("bucket" in step.payload) == ("bucket" in REMOTE_PAYLOADS[job_type].model_fields)


def test_client_cannot_choose_bucket_or_size_limit() -> None:
    [step] = plan_steps("comfyui", {"workflow": GRAPH, "bucket": "mine", "max_bytes": 10**12}, None, where="x")
    assert step.payload["bucket"] == "comfyui"
    assert step.payload["max_bytes"] == CATALOGUE["comfyui"].max_output_bytes


def test_one_seed_of_a_drawing_back_end_is_retained_or_made() -> None:
    [given] = plan_steps("a1111", {"prompt": "a boat", "seed": 2**64 - 1}, None, where="x")
    assert given.payload["seeds"] == [2**64 - 1]
    [made] = plan_steps("a1111", {"prompt": "a boat"}, None, where="x")
    assert made.outputs == 1


def test_enhanced_type_is_two_steps() -> None:
    assert [step.job_type for step in plan_steps("image7b_fast_enhanced", {"prompt": "x"}, None, where="x")] == [
        *("prompt_enhance", "image7b_fast_enhanced"),
    ]


def test_own_model_is_required_besides_what_the_step_requires() -> None:
    more = Requirements(type="x", models=("my-lora",), vram_gb=24)
    [step] = plan_steps("sdxl_image_fast", {"prompt": "a boat"}, more, where="x")
    assert step.requirements == Requirements(type="sdxl_image_fast", models=("sdxl-base-1.0", "my-lora"), vram_gb=24)


def test_model_of_a_chat_with_ollama_is_required_once_it_is_known() -> None:
    more = Requirements(type="ollama_chat", tags=("fast",))
    [step] = plan_steps("ollama_chat", {"model": "m", "messages": ASK}, more, where="x")
    assert step.requirements == Requirements(type="ollama_chat", models=("m",), tags=("fast",))
    [open_step] = plan_steps("ollama_chat", {"model": "{{steps.00.text}}", "messages": ASK}, None, where="x")
    assert open_step.required.models == ()


@pytest.mark.parametrize(
    ("job_type", "payload", "field"),
    [
        ("sdxl_image_fast", {"prompt": 7}, "x.prompt"),
        ("sdxl_image_fast", {"prompt": "a", "seed": "many"}, "x.seed"),
        ("sdxl_image_fast", {"prompt": "a", "seed": True}, "x.seed"),
        ("sdxl_image_fast", {"prompt": "a", "seed": -2}, "x.seed"),
        ("sdxl_image_fast", {"width": 64}, "x.width"),
        ("video_fast", {"prompt": "a" * 2001}, "x.prompt"),
        ("comfyui", {}, "x.workflow"),
        ("comfyui", {"workflow": GRAPH, "max_outputs": 65}, "x.max_outputs"),
        ("comfyui", {"workflow": GRAPH, "max_outputs": "{{steps.00.text}}"}, "x.max_outputs"),
        ("a1111", {"prompt": "a", "steps": 201}, "x.steps"),
        ("a1111", {"prompt": "a", "seed": 2**64}, "x.seed"),
        ("a1111", {"prompt": "a", "sampler": "Euler"}, "x.sampler"),
        ("a1111", {"prompt": "a", "init_image": {"key": "of/another/user"}}, "x.init_image"),
        ("comfyui", {"workflow": GRAPH, "inputs": {"a.png": {"key": "of/another/user"}}}, "x.inputs.a.png"),
        ("fetch_api", {"url": "https://example.org", "poll": {"url": "/x", "done": {"path": "a"}}}, "x.poll.done"),
        ("fetch_api", {"url": "https://example.org", "headers": {"A": "b\nc"}}, "x.headers.A"),
        ("openai_chat", {"model": "m", "messages": [{"role": "cat", "content": ""}]}, "x.messages.0.role"),
        ("openai_image", {"model": "m", "prompt": "a", "size": "big"}, "x.size"),
        ("stability_api", {"prompt": "a", "service": "best"}, "x.service"),
        ("fetch_api", {"url": "file:///etc/passwd"}, "x.url"),
        ("fetch_api", {"url": "https://example.org", "method": "TRACE"}, "x.method"),
        ("simulation", {"duration_s": -1}, "x.duration_s"),
    ],
)
def test_bad_payload_is_refused_by_field(job_type: str, payload: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        plan_steps(job_type, payload, None, where="x")
    assert refusal.value.name == field
