import asyncio
from typing import Any

import httpx
import pytest
import redis.asyncio as redis
from darkroom_queue import QueueClient
from darkroom_schemas.ids import SYSTEM_TENANT
from darkroom_schemas.payload import PAYLOAD
from support.services import RunningService

SIMULATION: dict[str, Any] = {"job_type": "simulation", "payload": {"duration_s": 0}}


async def test_a_job_is_submitted_read_and_cancelled(api: httpx.AsyncClient) -> None:
    submitted = await api.post("/api/jobs", json=SIMULATION)
    job_id = submitted.json()["job_id"]
    read = await api.get(f"/api/jobs/{job_id}")
    cancelled = await api.post(f"/api/jobs/{job_id}/cancel")
    again = await api.post(f"/api/jobs/{job_id}/cancel")
    assert (submitted.status_code, read.json()["status"]) == (201, "pending")
    assert cancelled.json()["outcome"] == "cancelled"
    assert again.status_code == 409
    assert (await api.get(f"/api/jobs/{job_id}")).json()["status"] == "cancelled"


async def test_the_same_id_and_body_is_one_job_and_another_body_a_conflict(api: httpx.AsyncClient) -> None:
    body = SIMULATION | {"id": "mine", "workflow_datetime": 1}
    answers = [await api.post("/api/jobs", json=b) for b in (body, body, body | {"payload": {"duration_s": 1}})]
    assert [a.status_code for a in answers] == [201, 200, 409]


async def test_a_repetition_of_the_same_id_is_the_jobs_state_whenever_it_comes(api: httpx.AsyncClient) -> None:
    body = {"job_type": "sdxl_image_fast", "payload": {"prompt": "a boat"}, "id": "mine"}
    first, second = [await api.post("/api/jobs", json=body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert (await api.post("/api/jobs", json=body | {"priority": 51})).status_code == 409
    assert (await api.post("/api/jobs", json=body | {"workflow_datetime": 1})).status_code == 409


async def test_an_idempotency_key_makes_one_job_of_many_requests(api: httpx.AsyncClient) -> None:
    body, headers = {"job_type": "image_fast", "payload": {"prompt": "a boat"}}, {"Idempotency-Key": "k-1"}
    answers = await asyncio.gather(*(api.post("/api/jobs", json=body, headers=headers) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert [a.headers.get("idempotent-replayed") for a in answers if a.status_code == 200] == ["true"] * 4
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert (await api.get("/api/queues")).json()["pending"] == 1
    cancelled = await api.post(f"/api/jobs/{answers[0].json()['job_id']}/cancel")
    assert cancelled.status_code == 200
    assert (await api.post("/api/jobs", json=body, headers=headers)).json()["status"] == "cancelled"


async def test_an_idempotency_key_of_another_request_is_422(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k-1"}
    await api.post("/api/jobs", json=SIMULATION, headers=headers)
    other = await api.post("/api/jobs", json=SIMULATION | {"priority": 1}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    both = await api.post("/api/jobs", json=SIMULATION | {"id": "mine"}, headers=headers)
    assert (both.status_code, both.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


async def test_what_an_outside_submitter_knows_is_enough_and_is_answered_in_full(api: httpx.AsyncClient) -> None:
    body = {"job_type": "sdxl_image_fast", "payload": {"prompt": "a boat", "seed": 7}, "priority": 80}
    submitted = (await api.post("/api/jobs", json=body)).json()
    assert PAYLOAD.validate_python(submitted["payload"]).seeds == (7, 8, 9, 10, 11, 12)
    assert (submitted["job_type"], submitted["priority"]) == ("sdxl_image_fast", 80)
    assert submitted["requirements"] == {
        "models": ["sdxl-base-1.0"], "custom_nodes": [], "tags": [], "hardware": {"gpu_memory_gb": 0},
        "timeout_minutes": 15.0,
    }  # fmt: skip
    assert (await api.get(f"/api/jobs/{submitted['job_id']}")).json() == submitted
    await api.post(f"/api/jobs/{submitted['job_id']}/cancel")
    ended = (await api.get(f"/api/jobs/{submitted['job_id']}")).json()
    assert (ended["priority"], ended["job_type"], ended["payload"]) == (80, "sdxl_image_fast", None)


async def test_a_type_in_two_steps_is_refused_with_what_to_submit_instead(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/jobs", json={"job_type": "video7b_fast_enhanced", "payload": {"prompt": "a boat"}})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_job_type")
    assert "prompt_enhance, and then video_fast" in answer.json()["errors"][0]["message"]
    assert answer.json()["error"].startswith("`job_type` cannot be video7b_fast_enhanced, which has two steps")


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"promt": "a boat"}, "payload.promt"),
        ({}, "payload.prompt"),
        ({"prompt": "x", "seed": "seven"}, "payload.seed"),
        ({"prompt": "x", "seed": 1, "seeds": [1]}, "payload.seed"),
        ({"prompt": "x", "family": "wan_image"}, "payload.family"),
        ({"prompt": "x", "width": 63}, "payload.width"),
    ],
)
async def test_a_payload_that_does_not_fit_its_type_is_400(
    api: httpx.AsyncClient, payload: dict[str, Any], field: str
) -> None:
    answer = await api.post("/api/jobs", json={"job_type": "sdxl_image_fast", "payload": payload})
    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_paths_without_api_are_aliases(api: httpx.AsyncClient) -> None:
    job_id = (await api.post("/jobs", json=SIMULATION)).json()["job_id"]
    assert (await api.get(f"/jobs/{job_id}")).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"job_type": "nothing", "payload": {}}, "job_type"),
        ({"payload": {}}, "job_type"),
        ({"job_type": "simulation"}, "payload"),
        (SIMULATION | {"priority": 101}, "priority"),
        (SIMULATION | {"id": "two words"}, "id"),
        (SIMULATION | {"surprise": 1}, "surprise"),
        (
            {"job_type": "prompt_enhance", "payload": {"prompt": "x", "seeds": [-1], "model": "m"}},
            "payload.seeds.0",
        ),
    ],
)
async def test_bad_input_is_400_and_names_the_field(api: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    answer = await api.post("/api/jobs", json=body)
    assert answer.status_code == 400
    assert field in [e["field"] for e in answer.json()["errors"]]


async def test_an_unknown_type_lists_the_valid_ones(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/jobs", json={"job_type": "nothing", "payload": {}})
    assert "sdxl_image_fast" in answer.json()["valid_job_types"]


async def test_a_misspelt_type_is_named_with_the_one_that_was_meant(api: httpx.AsyncClient) -> None:
    problem = (await api.post("/api/jobs", json={"job_type": "video_fst", "payload": {"prompt": "a boat"}})).json()
    [wrong] = problem["errors"]
    assert (wrong["field"], wrong["message"][:31]) == ("job_type", "must be one of sdxl_image_fast,")
    assert wrong["message"].endswith(', not "video_fst"; did you mean `video_fast`?')
    assert problem["error"] == f"`job_type` {wrong['message']}"


async def test_a_full_queue_is_503_with_retry_after(api: httpx.AsyncClient) -> None:
    answers = [await api.post("/api/jobs", json=SIMULATION) for _ in range(4)]
    assert [a.status_code for a in answers] == [201, 201, 201, 503]
    assert answers[-1].headers["retry-after"]
    assert answers[-1].json()["code"] == "queue_full"


async def test_too_many_kinds_of_requirements_are_429_with_retry_after_and_known_ones_go_on(
    api: httpx.AsyncClient, redis_url: str
) -> None:
    link = await QueueClient.open(redis_url)
    await link.command("HSET", "{darkroom-0}:ct", SYSTEM_TENANT, 1024)  # as many as the operator may bring
    await link.close()
    refused = await api.post("/api/jobs", json=SIMULATION | {"requirements": {"tags": ["rare"]}})
    assert (refused.status_code, refused.json()["retryable"]) == (429, True)
    assert int(refused.headers["retry-after"]) > 0
    assert (await api.post("/api/jobs", json=SIMULATION)).status_code == 201


@pytest.mark.parametrize("headers", [{"Authorization": ""}, {"Authorization": "Bearer wrong"}])
async def test_without_the_token_every_route_is_401(api: httpx.AsyncClient, headers: dict[str, str]) -> None:
    routes = [("POST", "/api/jobs"), ("GET", "/api/jobs/x"), ("GET", "/api/workers"), ("GET", "/api/queues"),
              ("GET", "/api/machines"), ("POST", "/api/ws-ticket"), ("POST", "/api/jobs/x/cancel")]  # fmt: skip
    answers = [await api.request(method, path, headers=headers) for method, path in routes]
    assert {a.status_code for a in answers} == {401}


async def test_an_unknown_job_is_404(api: httpx.AsyncClient) -> None:
    assert (await api.get("/api/jobs/nobody")).status_code == 404
    assert (await api.post("/api/jobs/nobody/cancel")).status_code == 404


async def test_a_waiting_job_says_why_and_an_ended_one_that_it_does_not_wait(api: httpx.AsyncClient) -> None:
    job_id = (await api.post("/api/jobs", json=SIMULATION)).json()["job_id"]
    waiting = (await api.get(f"/api/jobs/{job_id}/why")).json()
    await api.post(f"/api/jobs/{job_id}/cancel")
    ended = (await api.get(f"/api/jobs/{job_id}/why")).json()
    assert (waiting["waiting"], waiting["reason"]) == (True, "unworkable")
    assert waiting["missing"] == ["no worker is registered"]
    assert (ended["waiting"], ended["status"]) == (False, "cancelled")
    assert (await api.get("/api/jobs/nobody/why")).status_code == 404


async def test_the_queue_and_the_fleet_can_be_read(api: httpx.AsyncClient) -> None:
    await api.post("/api/jobs", json=SIMULATION)
    queues, workers = (await api.get("/api/queues")).json(), (await api.get("/api/workers")).json()
    assert queues["by_type"].keys() == {"simulation"}
    found = queues["by_type"]["simulation"]
    assert (found["pending"], found["in_progress"], found["paused"]) == (1, 0, False)
    assert workers == {"workers": [], "total": 0}
    assert (await api.get("/api/machines")).json() == {"machines": []}


async def test_probes_answer_without_a_token(service: RunningService) -> None:
    async with httpx.AsyncClient(base_url=service.url) as anonymous:
        answers = [await anonymous.get(path) for path in ("/livez", "/readyz", "/metrics")]
    assert [a.status_code for a in answers] == [200, 200, 200]


async def test_a_redis_that_takes_no_writes_makes_the_service_unready(api: httpx.AsyncClient, redis_url: str) -> None:
    assert (await api.get("/readyz")).status_code == 200
    async with redis.Redis.from_url(redis_url) as server:
        await server.config_set("maxmemory", "1")
        try:
            answer = await api.get("/readyz")
        finally:
            await server.config_set("maxmemory", "0")
    assert (answer.status_code, answer.json()["checks"]["redis"]) == (503, "RedisUnavailable")
    assert (await api.get("/readyz")).status_code == 200


async def test_the_priority_of_a_waiting_job_can_be_changed(api: httpx.AsyncClient) -> None:
    job_id = (await api.post("/api/jobs", json=SIMULATION)).json()["job_id"]
    changed = await api.post(f"/api/jobs/{job_id}/priority", json={"priority": 90})
    assert (changed.status_code, changed.json()["priority"], changed.json()["status"]) == (200, 90, "pending")
    for body in (
        {"priority": 0},
        {"priority": 101},
        {"priority": True},
        {"priority": "9"},
        {},
        {"priority": 9, "x": 1},
    ):
        assert (await api.post(f"/api/jobs/{job_id}/priority", json=body)).status_code == 400
    await api.post(f"/api/jobs/{job_id}/cancel")
    ended = await api.post(f"/api/jobs/{job_id}/priority", json={"priority": 90})
    assert (ended.status_code, ended.json()["code"]) == (409, "conflict")
    assert (await api.post("/api/jobs/nobody/priority", json={"priority": 90})).status_code == 404
