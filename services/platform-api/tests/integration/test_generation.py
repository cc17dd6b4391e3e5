"""Generations: every type of workflow filled in, run to its end, followed and paid."""

import asyncio
import json
from typing import Any

import pytest
from darkroom_queue import Handler, StepContext
from darkroom_schemas.step import StepResult
from httpx_sse import aconnect_sse
from support.emprops import collection, generate, generated, simple, workflow
from support.platform import Platform, StartWorker


async def test_variables_fill_the_template_of_a_simple_collection(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    id_ = (await simple(anna)).json()["data"]["id"]
    job = await generated(anna, id_, variables={"Coast": "sandy", "mood": "stormy", "Seed": 9}, workflow_priority=80)
    assert job["status"] == "completed"
    assert (job["job_type"], job["priority"]) == ("collection_generation", 80)
    assert (job["name"], job["description"]) == ("Collection Generation: Lighthouses", "One for each coast")
    assert job["data"]["collectionId"] == id_
    assert job["data"]["variables"] == {"Coast": "sandy", "mood": "stormy", "Seed": 9}
    assert len(job["data"]["outputs"]) == 6
    assert job["workflow_output"] == job["data"]["outputs"][0]["url"]
    [(payload,)] = await platform.rows("SELECT payload FROM platform.steps")
    assert payload["prompt"] == "a stormy lighthouse, sandy coast"
    assert payload["seeds"] == [9, 10, 11, 12, 13, 14]
    assert await anna.credits() == 98.5


async def test_first_option_is_the_default(platform: Platform) -> None:
    anna = await platform.account("anna")
    id_ = (await simple(anna)).json()["data"]["id"]
    assert (await generate(anna, id_, variables={"Mood": "calm", "Seed": 1})).status_code == 200
    [(prompt,)] = await platform.rows("SELECT payload->>'prompt' FROM platform.steps")
    assert prompt == "a calm lighthouse, rocky coast"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"variables": {"Seed": 1}}, "variables.mood"),
        ({"variables": {"Seed": 1, "Mood": "calm", "Cost": "icy"}}, "variables.Cost"),
        ({"variables": {f"v{number}": 1 for number in range(201)}}, "variables"),
        ({"variables": {"Seed": 1, "Mood": "calm", "Coast": "icy"}}, "variables.Coast"),
        ({"variables": {"Seed": "nine", "Mood": "calm"}}, "template_json.seed"),
        ({"variables": {"Seed": 1, "Mood": "{{steps.00.text}}"}}, "variables.Mood"),
        ({"variables": {"Seed": 1, "Mood": "x" * 2001}}, "template_json.prompt"),
        ({"variables": {"Seed": 1, "Mood": "\0"}}, "variables"),
        ({"variables": []}, "variables"),
        ({"workflow_id": "nowhere"}, "workflow_id"),
        ({"workflow_priority": 0}, "workflow_priority"),
        ({"workflow_priority": 101}, "workflow_priority"),
        ({"priority": 5}, "priority"),
    ],
)
async def test_bad_generation_is_refused_by_field(platform: Platform, body: dict[str, Any], field: str) -> None:
    anna = await platform.account("anna")
    id_ = (await simple(anna)).json()["data"]["id"]
    answer = await generate(anna, id_, **body)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_placeholder_that_was_stored_although_it_means_nothing_is_refused_by_field_and_name(
    platform: Platform,
) -> None:
    anna = await platform.account("anna")
    name = await workflow(anna, "dynamic_json", {"job_type": "simulation", "template": {"steps": "{{n}}"}})
    id_ = await collection(anna, workflow=name)
    broken = """replace(data::text, '{{n}}', '{{ steps.0 }}')::jsonb"""
    await platform.rows(f"UPDATE platform.workflows SET data = {broken} WHERE name = %s RETURNING id", name)  # noqa: S608
    answer = await generate(anna, id_, variables={})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["field"], "{{ steps.0 }}" in error["message"]) == ("steps.0.payload.steps", True)


async def test_direct_job_takes_the_variables_as_they_are(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job = await generated(
        anna, await collection(anna, workflow="sdxl_image"), variables={"prompt": "a boat", "seed": 3}
    )
    assert job["status"] == "completed"
    refused = await generate(anna, await collection(anna, workflow="sdxl_image"), variables={"prompt": "a", "cfg": 3})
    assert refused.json()["errors"][0]["field"] == "variables.cfg"


async def test_basic_workflow_runs_side_by_side_what_can(
    platform: Platform, start_worker: StartWorker, produce: Handler
) -> None:
    both = asyncio.Barrier(2)

    async def wait_for_the_other(context: StepContext) -> StepResult:
        if context.step.payload["family"] != "prompt":
            await both.wait()
        return StepResult() if context.stop.is_set() else await produce(context)

    await start_worker(wait_for_the_other)
    anna = await platform.account("anna")
    job = await generated(anna, await collection(anna, workflow="image_and_video"), variables={"prompt": "a boat"})
    assert job["status"] == "completed"
    assert len(job["data"]["outputs"]) == 7
    assert job["workflow_output"] == next(o["url"] for o in job["data"]["outputs"] if o["step"] == 2)
    prompts = await platform.rows("SELECT payload->>'prompt' FROM platform.steps ORDER BY number")
    assert prompts == [("a boat",), ("a boat, in golden light",), ("a boat, in golden light",)]
    history = await platform.rows("SELECT event, step FROM platform.job_history ORDER BY seq")
    events = [event for event, _ in history]
    assert events[:3] == ["created", "node_started", "node_completed"]
    assert sorted(events[3:]) == ["complete", "node_completed", "node_started", "node_started"]
    assert await anna.credits() == 100 - 0.5 - 1.5 - 5


async def test_every_step_is_recorded_when_the_job_is_accepted(platform: Platform) -> None:
    anna = await platform.account("anna")
    id_ = await collection(anna, workflow="image_and_video")
    assert (await generate(anna, id_, variables={"prompt": "a boat"})).status_code == 200
    rows = "SELECT job_type, status, needs, submitted_at IS NOT NULL FROM platform.steps ORDER BY number"
    assert await platform.rows(rows) == [
        ("prompt_enhance", "queued", [], True),
        ("sdxl_image_fast", "queued", [0], False),
        ("video_fast", "queued", [0], False),
    ]


async def test_stream_of_parallel_steps_reports_the_mean_progress(
    platform: Platform, start_worker: StartWorker, produce: Handler
) -> None:
    halfway, sent = asyncio.Barrier(2), asyncio.Event()

    async def stop_half_way(context: StepContext) -> StepResult:
        if context.step.payload["family"] != "prompt":
            await halfway.wait()
            context.progress(50, message="half way")
            await sent.wait()
        return StepResult(text="golden") if context.step.payload["family"] == "prompt" else await produce(context)

    await start_worker(stop_half_way)
    anna = await platform.account("anna")
    id_ = await collection(anna, workflow="image_and_video")
    job_id = (await generate(anna, id_, variables={"prompt": "a boat"})).json()["data"]["jobId"]
    progress: list[float] = []
    async with asyncio.timeout(20), aconnect_sse(anna.http, "GET", f"/api/jobs/{job_id}/stream") as source:
        async for event in source.aiter_sse():
            if event.event == "job_update" and event.json()["progress"] is not None:
                progress.append(event.json()["progress"])
            if 66.7 in progress:
                sent.set()
    assert progress[-1] == 100
    assert progress == sorted(progress)


async def test_comfy_workflow_requires_its_models_and_nodes(platform: Platform) -> None:
    anna = await platform.account("anna", credits=10)
    graph = {"1": {"class_type": "KSampler", "inputs": {"seed": "{{seed}}", "text": "a {{thing}}"}}}
    data = {"workflow": graph, "max_outputs": 4}
    name = await workflow(anna, "comfy_workflow", data, models=["sd15"], custom_nodes=["Nodes"])
    id_ = await collection(anna, workflow=name)
    assert (await generate(anna, id_, variables={"seed": 2**60, "thing": "boat"})).status_code == 200
    [(payload, required)] = await platform.rows("SELECT payload, requirements FROM platform.steps")
    assert payload["workflow"]["1"]["inputs"] == {"seed": 2**60, "text": "a boat"}
    assert (required["type"], required["models"], required["custom_nodes"]) == ("comfyui", ["sd15"], ["Nodes"])
    assert await anna.credits() == 6


async def test_results_of_any_type_go_into_later_steps(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    steps = [
        {"job_type": "simulation", "payload": {"duration_s": "{{seconds}}"}},
        {"job_type": "image_fast", "payload": {"prompt": "{{ steps.0.text }}"}},
        {
            "job_type": "fetch_api",
            "payload": {"url": "{{steps.01.outputs.0.url}}", "method": "POST", "body": {"x": [1]}},
        },
    ]
    id_ = await collection(anna, workflow=await workflow(anna, "basic", {"steps": steps}))
    job = await generated(anna, id_, variables={"seconds": 0.5})
    assert job["status"] == "completed"
    payloads = [payload for (payload,) in await platform.rows("SELECT payload FROM platform.steps ORDER BY number")]
    assert payloads[0] == {"duration_s": 0.5}
    assert json.loads(payloads[1]["prompt"]) == {"duration_s": 0.5}
    assert payloads[2]["url"] == job["data"]["outputs"][0]["url"] == job["workflow_output"]


@pytest.mark.parametrize(
    ("type_", "data", "variables"),
    [
        ("fetch_api", {"url": "https://example.org/{{path}}", "select": "data.0"}, {"path": "x"}),
        ("direct_job", {"job_type": "simulation"}, {"duration_s": 0, "steps": 2}),
        ("direct_job", {"job_type": "simulation", "payload": {"steps": "{{n}}"}}, {"n": 3}),
        ("dynamic_json", {"job_type": "simulation", "template": {"steps": "{{n}}", "duration_s": 0}}, {"n": 3}),
        ("basic", {"steps": [{"job_type": "simulation"}] * 3}, {}),
    ],
)
async def test_every_type_of_workflow_runs_to_its_end(
    platform: Platform, start_worker: StartWorker, type_: str, data: dict[str, Any], variables: dict[str, Any]
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    id_ = await collection(anna)
    job = await generated(anna, id_, variables=variables, workflow_id=await workflow(anna, type_, data))
    assert (job["status"], job["progress"]) == ("completed", 100)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("'{\"variables\": 7}'", "data.variables"),
        ('\'{"variables": [{"name": "x"}]}\'', "data.variables.0.template_mapping"),
        ('\'{"workflow": "gone"}\'', "data.workflow"),
        ('\'{"workflow": "flexible_prompt"}\'', "data.component"),
        ("jsonb_set(data, '{component,job_type}', '\"hologram\"')", "job_type"),
    ],
)
async def test_corrupted_collection_is_reported_in_the_words_of_the_document(
    platform: Platform, damage: str, problem: str
) -> None:
    anna = await platform.account("anna")
    id_ = (await simple(anna)).json()["data"]["id"]
    await platform.rows(f"UPDATE platform.collections SET data = {damage} RETURNING id")  # noqa: S608 - ours
    assert (await anna.http.get(f"/api/collections/{id_}")).status_code == 200
    answer = await generate(anna, id_, variables={"Mood": "calm", "Seed": 1})
    assert answer.status_code == 409
    body = answer.json()
    assert (body["data"], body["error"]) == (None, "COLLECTION_CORRUPTED")
    assert body["message"].startswith("This collection contains corrupted data")
    assert body["userMessage"] == "Collection data is corrupted. Please contact support."
    assert list(body["details"]["problems"]) == [problem]
    assert (body["code"], body["status"]) == ("collection_corrupted", 409)


async def test_generation_without_credits_is_a_402(platform: Platform) -> None:
    anna = await platform.account("anna", credits=1)
    answer = await generate(anna, await collection(anna, workflow="sdxl_image"), variables={"prompt": "a boat"})
    assert answer.status_code == 402
    assert (answer.json()["data"], answer.json()["error"]) == (None, "Not enough credits.")
    assert answer.json()["type"] == "urn:darkroom:error:insufficient_credits"


async def test_generation_with_a_key_happens_once(platform: Platform) -> None:
    anna = await platform.account("anna")
    id_ = await collection(anna, workflow="sdxl_image")
    path, body = f"/api/collections/{id_}/generate", {"variables": {"prompt": "a boat"}}
    answers = [await anna.http.post(path, json=body, headers={"Idempotency-Key": "g1"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert await platform.rows("SELECT count(*) FROM platform.jobs") == [(1,)]


async def test_failed_generation_is_retried(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    id_ = await collection(anna, workflow="enhanced_image")
    job_id = (await generate(anna, id_, variables={"prompt": "a boat"})).json()["data"]["jobId"]
    await anna.http.post(f"/api/jobs/{job_id}/cancel")
    assert (await anna.http.post(f"/api/jobs/{job_id}/retry")).status_code == 200
    await start_worker()
    assert (await anna.finished(job_id))["data"]["status"] == "completed"
