"""Where a generation goes and what is refused, with the field that is wrong and the word of the error."""

import asyncio
import json
from typing import Any

import pytest
from darkroom_chassis.api_keys import KeyKind
from support.platform import Account, Platform, StartPlatform, StartWorker

from .stablequeue_jobs import MODEL, PARAMS, PLAIN, HeldWorker, job, status, submit

SOME_ID = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"
P = "generation_params"
WRONG_FIELDS: list[tuple[object, str]] = [
    (job({**PLAIN, "positive_prompt": 5}), f"{P}.positive_prompt"),
    (job({**PLAIN, "positive_prompt": "x" * 2001}), f"{P}.positive_prompt"),
    (job({**PLAIN, "negative_prompt": "x" * 2001}), f"{P}.negative_prompt"),
    (job({**PLAIN, "width": 513}), f"{P}.width"),
    (job({**PLAIN, "width": 8192}), f"{P}.width"),
    (job({**PLAIN, "width": 2048, "height": 2048}), f"{P}.width"),
    (job({**PLAIN, "height": 0}), f"{P}.height"),
    (job({**PLAIN, "steps": 151}), f"{P}.steps"),
    (job({**PLAIN, "steps": "many"}), f"{P}.steps"),
    (job({**PLAIN, "cfg_scale": 31}), f"{P}.cfg_scale"),
    (job({**PLAIN, "seed": -2}), f"{P}.seed"),
    (job({**PLAIN, "seed": 2**64}), f"{P}.seed"),
    (job({**PLAIN, "num_images": 17}), f"{P}.num_images"),
    (job({**PLAIN, "num_images": 16, "steps": 150, "width": 1024, "height": 1024}), f"{P}.num_images"),
    (job({**PLAIN, "sampler_name": "Warp"}), f"{P}.sampler_name"),
    (job({**PLAIN, "scheduler": "Beta"}), f"{P}.scheduler_or_quality_preset"),
    (job({**PLAIN, "batch_size": 17}), f"{P}.batch_size"),
    (job({**PLAIN, "n_iter": True}), f"{P}.n_iter"),
    (job({**PLAIN, "steps": True}), f"{P}.steps"),
    (job({**PLAIN, "batch_size": 5, "n_iter": 4}), P),
    (job({**PLAIN, "num_images": 3, "batch_size": 2}), P),
    (job({**PLAIN, "init_images": ["iVBOR"]}), f"{P}.init_images"),
    (job({**PLAIN, "clip_skip": 13}), f"{P}.clip_skip"),
    (job({**PLAIN, "clip_skip": True}), f"{P}.clip_skip"),
    (
        job({**PLAIN, "override_settings": {"CLIP_stop_at_last_layers": 0.5}}),
        f"{P}.override_settings.CLIP_stop_at_last_layers",
    ),
    (job({**PLAIN, "override_settings": {"eta_ddim": 1}}), f"{P}.override_settings.eta_ddim"),
    (job({**PLAIN, "clip_skip": 2, "override_settings": {"CLIP_stop_at_last_layers": 3}}), P),
    (job(clip_skip=2), "clip_skip"),
    (job(init_images=["iVBOR"]), "init_images"),
    (job({**PLAIN, "restore_faces": True}), f"{P}.restore_faces"),
    (job({**PLAIN, "enable_hires_fix": True, "hr_scale": 3}), f"{P}.hr_scale"),
    (job({**PLAIN, "upscaler_model": "ESRGAN"}), f"{P}.upscaler_model"),
    (job({**PLAIN, "refiner_model": "other"}), f"{P}.refiner_model"),
    (job({**PLAIN, "subseed": 7}), f"{P}.subseed"),
    (job({**PLAIN, "workflow": {"1": {}}}), f"{P}.workflow"),
    (job({**PLAIN, "workflow": {"1": {}}}, app_type="comfyui"), f"{P}.workflow"),
    (job({**PLAIN, "workflow": {"\0": {}}}, app_type="comfyui"), f"{P}.workflow"),
    (job({**PLAIN, "workflow": {"1": {"\ud800": 1}}}, app_type="comfyui"), f"{P}.workflow"),
    (job([]), P),
    (job({**PLAIN, "note": "x" * 66_000}), P),
    (job({**PLAIN, "note": "a\0b"}), P),
    (job(app_type=""), "app_type"),
    (job(app_type="x" * 65), "app_type"),
    (job(app_type="a\0b"), "app_type"),
    (job(source_info=7), "source_info"),
    (job(bulk_quantity="\ud800"), "body"),
    (job(bulk_quantity="x" * 66_000), "body"),
    (job(**{f"m{number}": 1 for number in range(101)}), "body"),
]
MISSING_FIELDS: list[tuple[object, str]] = [
    ({P: PLAIN}, "target_server_alias"),
    ({"target_server_alias": "Main"}, P),
    (job({"negative_prompt": "ugly"}), f"{P}.positive_prompt"),
]
QUERIES = ["status=done", "limit=0", "limit=201", "offset=-1", "offset=10001", "order=up", "app_type=%00"]


@pytest.fixture
async def anna(platform: Platform) -> Account:
    return await platform.account("anna")


async def payload_of(account: Account, worker: HeldWorker, params: dict[str, Any], **changed: Any) -> Any:
    """Submit a job and return the step that a worker got for it."""
    worker.claimed.clear()
    await submit(account, params, **changed)
    await asyncio.wait_for(worker.claimed.wait(), 10)
    return worker.steps[-1]


async def test_wrong_field_is_named_in_a_400(anna: Account) -> None:
    for body, field in WRONG_FIELDS:
        answer = await anna.http.post("/api/v2/generate", content=json.dumps(body))
        assert answer.status_code == 400, field
        problem = answer.json()
        assert (problem["success"], problem["code"]) == (False, "invalid_request"), field
        assert field in [error["field"] for error in problem["errors"]]
        assert problem["errors"][0]["message"].removesuffix(".") in problem["error"], "clients show nothing else"
    assert (await anna.http.get("/api/v2/jobs")).json()["total"] == 0


async def test_missing_field_has_a_word_of_its_own(anna: Account) -> None:
    for body, field in MISSING_FIELDS:
        for path in ("/api/v2/generate", "/api/v1/generate"):
            problem = (await anna.http.post(path, json=body)).json()
            assert (problem["status"], problem["code"]) == (400, "missing_required_field")
            assert field in problem["error"]


async def test_unknown_server_and_job_are_404_with_their_words(anna: Account) -> None:
    answer = await anna.http.post("/api/v2/generate", json=job(target_server_alias="Attic"))
    assert (answer.status_code, answer.json()["code"]) == (404, "server_not_found")
    assert answer.json()["error"] == '`target_server_alias` must be one of Main, not "Attic".'
    near = (await anna.http.post("/api/v2/generate", json=job(target_server_alias="main"))).json()
    message = 'must be one of Main, not "main"; did you mean `Main`?'
    assert near["errors"] == [{"field": "target_server_alias", "message": message}]
    for job_id in ("nonsense", SOME_ID):
        for method, path in (("GET", "status"), ("POST", "cancel")):
            for base in ("/api/v2/jobs", "/api/v1/queue/jobs"):
                answer = await anna.http.request(method, f"{base}/{job_id}/{path}")
                assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


async def test_wrong_query_is_named_in_a_400(anna: Account) -> None:
    for path in ("/api/v2/jobs", "/api/v1/queue/jobs"):
        for query in QUERIES:
            answer = await anna.http.get(f"{path}?{query}")
            assert answer.status_code == 400, query
            assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


async def test_another_users_job_is_not_there(platform: Platform, anna: Account) -> None:
    job_id, ben = (await submit(anna))["stablequeue_job_id"], await platform.account("ben")
    for base in ("/api/v2/jobs", "/api/v1/queue/jobs"):
        assert (await ben.http.get(f"{base}/{job_id}/status")).status_code == 404
        assert (await ben.http.post(f"{base}/{job_id}/cancel")).status_code == 404
        assert (await ben.http.get(base)).json()["total"] == 0
    assert (await status(anna, job_id))["status"] == "pending"


async def test_nobody_gets_in_without_a_credential(platform: Platform) -> None:
    async with platform.client() as anonymous:
        for method, path in (
            ("POST", "/api/v2/generate"),
            ("GET", "/api/v2/jobs"),
            ("GET", f"/api/v2/jobs/{SOME_ID}/status"),
            ("POST", f"/api/v2/jobs/{SOME_ID}/cancel"),
            ("POST", "/api/v1/generate"),
            ("GET", "/api/v1/queue/jobs"),
            ("GET", "/api/v1/checkpoints"),
            ("GET", "/api/v1/loras"),
        ):
            assert (await anonymous.request(method, path, json=job())).status_code == 401, path


async def test_submissions_are_limited_by_themselves(start_platform: StartPlatform) -> None:
    platform = await start_platform(rate_limit_standard_submissions=1)
    anna = await platform.account("anna")
    async with platform.client(Authorization=f"Bearer {anna.api_key}") as client:
        assert [(await client.post(f"/api/{v}/generate", json=job())).status_code for v in ("v2", "v1")] == [200, 429]
        assert (await client.get("/api/v2/jobs")).status_code == 200


async def test_without_a_back_end_our_pipeline_gets_what_was_asked(anna: Account, start_worker: StartWorker) -> None:
    worker = HeldWorker()
    await start_worker(worker, models=(MODEL,))
    params = PARAMS | {"seed": "41", "num_images": 2, "scheduler_or_quality_preset": "Karras", "shelf": {"row": 3}}
    step = await payload_of(anna, worker, params)
    asked = {"prompt": "a beautiful landscape", "width": 512, "height": 512, "steps": 20, "guidance_scale": 7}
    assert asked.items() <= step.payload.items()
    assert (step.payload["model"], step.payload["sampler"]) == (MODEL, "Euler Karras")
    assert step.payload["seeds"] == [41, 42]
    assert step.requirements.models == (MODEL,)
    assert step.requirements.backend is None
    windows = PARAMS | {"checkpoint_name": f"Pony\\{MODEL}.safetensors", "seed": "", "subseed": "", "steps": 10}
    assert (await payload_of(anna, worker, windows)).payload["model"] == MODEL
    for clip_skip, asked_for in (
        ({"clip_skip": 2}, 2),
        ({"override_settings": {"CLIP_stop_at_last_layers": 3}}, 3),
        ({"clip_skip": 0, "override_settings": {}}, None),
        ({"clip_skip": "None", "override_settings": []}, None),
    ):
        assert (await payload_of(anna, worker, PARAMS | clip_skip)).payload.get("clip_skip") == asked_for
    listed = (await anna.http.get("/api/v2/jobs?order=asc")).json()["jobs"]
    assert listed[0]["generation_params"]["shelf"] == {"row": 3}
    worker.release.set()


async def test_loras_are_applied_or_refused_by_name(anna: Account, start_worker: StartWorker) -> None:
    worker = HeldWorker()
    await start_worker(worker, models=("lora:ink",))
    asked = {"positive_prompt": "a boat <lora:ink:0.5>", "loras": [{"name": "Ink.safetensors", "weight": 0.25}]}
    step = await payload_of(anna, worker, asked)
    assert (step.payload["prompt"], step.payload["loras"]) == ("a boat", [{"name": "ink", "weight": 0.75}])
    assert set(step.requirements.models) == {"sdxl-base-1.0", "lora:ink"}
    refused = await anna.http.post("/api/v2/generate", json=job(asked | {"loras": [{"name": "oil"}]}))
    assert refused.status_code == 400
    assert "generation_params.loras.0.name" in refused.text
    queued = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat", "loras": [{"name": "oil"}]}}
    refused = await anna.http.post("/api/queue-job", json=queued)
    assert refused.status_code == 400
    assert "metadata.loras.0.name" in refused.text
    worker.release.set()


async def test_live_back_end_of_the_alias_gets_the_job(anna: Account, start_worker: StartWorker) -> None:
    worker = HeldWorker()
    await start_worker(worker, backends=("Main",))
    step = await payload_of(anna, worker, PARAMS | {"restore_faces": True, "seed": 5, "scheduler": "Beta"})
    assert (step.requirements.type, step.requirements.backend) == ("a1111", "Main")
    asked = {"checkpoint": PARAMS["checkpoint_name"], "sampler_name": "Euler", "scheduler": "Beta", "seeds": [5]}
    assert asked.items() <= step.payload.items()
    assert step.payload["options"] == {"restore_faces": True}
    graph = {"1": {"class_type": "KSampler", "inputs": {}}}
    comfy = await payload_of(anna, worker, PLAIN | {"workflow": graph}, app_type="comfyui")
    assert (comfy.requirements.type, comfy.requirements.backend) == ("comfyui", "Main")
    assert comfy.payload["workflow"] == graph
    worker.release.set()


async def test_price_follows_the_work_and_is_refunded(anna: Account) -> None:
    await submit(anna, PLAIN | {"width": 1024, "height": 1024, "steps": 15})
    assert await anna.credits() == 100 - 0.25
    job_id = (await submit(anna, PLAIN | {"width": 512, "height": 512, "steps": 50, "num_images": 4}))[
        "stablequeue_job_id"
    ]
    assert await anna.credits() == 100 - 0.25 - 4 * 0.25
    await anna.http.post(f"/api/v2/jobs/{job_id}/cancel")
    assert await anna.credits() == 100 - 0.25


async def test_too_few_credits_is_a_402(platform: Platform) -> None:
    poor = await platform.account("poor", credits=0.01)
    answer = await poor.http.post("/api/v2/generate", json=job({**PLAIN, "num_images": 4, "steps": 50}))
    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_credits")
    assert "more than the balance" in answer.json()["error"]


async def test_repeated_submission_is_answered_though_its_server_is_gone(platform: Platform, anna: Account) -> None:
    idempotency = {"Idempotency-Key": "once"}
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}) as operator:
        assert (await operator.post("/api/v1/servers", json={"alias": "Attic"})).status_code == 201
        first = await anna.http.post("/api/v2/generate", json=job(target_server_alias="Attic"), headers=idempotency)
        assert (await operator.delete("/api/v1/servers/Attic")).status_code == 200
    again = await anna.http.post("/api/v2/generate", json=job(target_server_alias="Attic"), headers=idempotency)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await anna.http.post("/api/v2/generate", json=job(target_server_alias="Cellar"), headers=idempotency)
    assert other.status_code == 422


async def test_setting_makes_an_unknown_checkpoint_a_400(start_platform: StartPlatform) -> None:
    platform = await start_platform(stablequeue_unknown_checkpoint="reject")
    anna = await platform.account("anna")
    answer = await anna.http.post("/api/v2/generate", json=job(PARAMS))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, f"{P}.checkpoint_name")
    assert PARAMS["checkpoint_name"] in answer.json()["error"]


async def test_batches_are_images(anna: Account, start_worker: StartWorker) -> None:
    worker = HeldWorker()
    await start_worker(worker)
    for params, images in (
        ({"batch_size": 2, "n_iter": 2}, 4),
        ({"batch_size": 3}, 3),
        ({"n_iter": 2, "num_images": 1}, 2),
        ({"num_images": 4, "batch_size": 4, "n_iter": 1}, 4),
        ({"num_images": 2, "batch_size": 1, "n_iter": 1}, 2),
    ):
        assert len((await payload_of(anna, worker, PLAIN | params)).payload["seeds"]) == images, params
    worker.release.set()
