"""What no database can store, or no number can be, is a 400 that names the field, or a 404; never a 500."""

import json
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from queue_api.routes import fleet, jobs, tickets

ROUTES = [
    (method, prefix + route.path)
    for prefix in ("", "/api")
    for router in (jobs.router, fleet.router, tickets.router)
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]
WITH_ID = [(method, path) for method, path in ROUTES if "{job_id}" in path]
BAD_IDS = ("%00", "a%00b", "%ED%A0%80", "%FF", "a%20b", "x" * 300, "%7Bdarkroom-0%7D%3Ameta%0A", "%F0%9F%92%A5")
SIMULATION: dict[str, Any] = {"job_type": "simulation", "payload": {"duration_s": 0}}
HUGE = 10**400


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


BAD_BODIES: list[tuple[dict[str, Any], str]] = [
    ({"workflow_datetime": HUGE}, "workflow_datetime"),
    ({"workflow_datetime": 2**63}, "workflow_datetime"),
    ({"workflow_datetime": -1}, "workflow_datetime"),
    ({"workflow_datetime": float("inf")}, "workflow_datetime"),
    ({"priority": HUGE}, "priority"),
    ({"max_attempts": HUGE}, "max_attempts"),
    ({"id": "a\0b"}, "id"),
    ({"id": "\ud800"}, "id"),
    ({"workflow_id": "\0"}, "workflow_id"),
    ({"job_type": "\0"}, "job_type"),
    ({"job_type": "\ud800"}, "job_type"),
    ({"job_type": "x" * 10_000}, "job_type"),
    ({"payload": {"seed": HUGE}}, "payload.seed"),
    ({"payload": {"text": "\0"}}, "payload"),
    ({"payload": {"text": "\ud800"}}, "payload"),
    ({"payload": {"\ud800": 1}}, "payload"),
    ({"payload": {"x": float("nan")}}, "payload"),
    ({"payload": nested(900)}, "payload"),
    ({"payload": {"duration_s": HUGE}}, "payload.duration_s"),
    ({"payload": {"steps": 2**63}}, "payload.steps"),
    ({"payload": {"seed": True, "steps": "many"}}, "payload.steps"),
    ({"payload": []}, "payload"),
    ({"requirements": {"tags": ["\0"]}}, "requirements.tags.0"),
    ({"requirements": {"models": ["\ud800"]}}, "requirements.models.0"),
    ({"requirements": {"custom_nodes": ["x" * 201]}}, "requirements.custom_nodes.0"),
    ({"requirements": {"tags": ["x"] * 51}}, "requirements.tags"),
    ({"requirements": {"hardware": {"gpu_memory_gb": HUGE}}}, "requirements.hardware.gpu_memory_gb"),
    ({"requirements": {"timeout_minutes": HUGE}}, "requirements.timeout_minutes"),
    ({"requirements": {"timeout_minutes": float("nan")}}, "requirements.timeout_minutes"),
    ({"requirements": {"timeout_minutes": 1e-300}}, "requirements.timeout_minutes"),
]


def test_every_route_is_looked_at() -> None:
    assert {path for _, path in WITH_ID} >= {"/api/jobs/{job_id}", "/api/jobs/{job_id}/why", "/jobs/{job_id}/cancel"}
    assert len(ROUTES) >= 18


@pytest.mark.parametrize(("method", "path"), WITH_ID)
@pytest.mark.parametrize("bad", BAD_IDS)
async def test_an_id_that_cannot_be_one_is_404(api: httpx.AsyncClient, method: str, path: str, bad: str) -> None:
    answer = await api.request(method, path.replace("{job_id}", bad))
    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_hostile_parameters_and_bodies_are_no_server_errors(
    api: httpx.AsyncClient, method: str, path: str
) -> None:
    path = path.replace("{job_id}", "nobody") + f"?limit={HUGE}&cursor=%00&offset=-{HUGE}&%ED%A0%80=%FF"
    bodies = (b"\xff\xfe", b"[" * 100_000, b'{"id":NaN}', b'{"a":' * 900 + b"1" + b"}" * 900, b"9" * 5000, b"null")
    answers = [await api.request(method, path, content=body, headers={"Content-Type": "application/json"})
               for body in bodies]  # fmt: skip
    assert {answer.status_code for answer in answers} <= {200, 201, 400, 404}


@pytest.mark.parametrize(("change", "field"), BAD_BODIES)
async def test_a_submission_that_cannot_be_stored_is_400_and_names_the_field(
    api: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    body = json.dumps(SIMULATION | change)
    answer = await api.post("/api/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert (await api.get("/api/queues")).json()["pending"] == 0


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "é"])
async def test_an_unusable_idempotency_key_is_400(api: httpx.AsyncClient, key: str) -> None:
    answer = await api.post("/api/jobs", json=SIMULATION, headers=[(b"Idempotency-Key", key.encode())])
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


async def test_a_time_that_is_no_time_leaves_the_others_of_the_same_moment_alone(api: httpx.AsyncClient) -> None:
    bodies = [SIMULATION, SIMULATION | {"workflow_datetime": HUGE}, SIMULATION]
    content = [json.dumps(body) for body in bodies]
    headers = {"Content-Type": "application/json"}
    answers = [await api.post("/api/jobs", content=one, headers=headers) for one in content]
    assert [answer.status_code for answer in answers] == [201, 400, 201]
