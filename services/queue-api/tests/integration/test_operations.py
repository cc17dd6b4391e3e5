"""What operators do: pause and resume, look through dead letters, retry them, drain workers."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from darkroom_queue import Producer, QueueClient, StepContext
from darkroom_redis import OperatorTickets, TicketHolder, Tickets
from darkroom_schemas.step import StepResult
from support.queue_api import SIMULATION, complete, ended, fail, queue_api, submit, working
from support.steps import make_step
from support.waiting import until


@pytest.fixture
async def failed(api: httpx.AsyncClient, redis_url: str) -> list[str]:
    """Three dead letters."""
    async with working(redis_url, fail):
        found = [await submit(api) for _ in range(3)]
        for job_id in found:
            await ended(api, job_id, "failed")
    return found


async def test_a_paused_type_waits_until_it_is_resumed(api: httpx.AsyncClient, redis_url: str) -> None:
    paused = await api.post("/api/queues/pause", json={"job_type": "simulation"})
    assert paused.json() == {"paused": False, "paused_types": ["simulation"]}
    job_id = await submit(api)
    async with working(redis_url, complete):
        why = (await api.get(f"/api/jobs/{job_id}/why")).json()
        assert why["reason"] == "paused"
        queues = (await api.get("/api/queues")).json()
        of_type = queues["by_type"]["simulation"]
        assert (of_type["pending"], of_type["in_progress"], of_type["paused"]) == (1, 0, True)
        resumed = await api.post("/api/queues/resume", json={"job_type": "simulation"})
        assert resumed.json() == {"paused": False, "paused_types": []}
        await ended(api, job_id, "completed")


async def test_the_whole_queue_can_be_paused(api: httpx.AsyncClient, redis_url: str) -> None:
    assert (await api.post("/api/queues/pause")).json() == {"paused": True, "paused_types": []}
    async with working(redis_url, complete):
        job_id = await submit(api)
        assert (await api.get("/api/queues")).json()["paused"] is True
        await api.post("/api/queues/resume")
        await ended(api, job_id, "completed")


async def test_only_known_types_can_be_paused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/queues/pause", json={"job_type": "hologram"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "job_type")


async def test_dead_letters_are_listed_page_by_page_with_their_errors(
    api: httpx.AsyncClient, failed: list[str]
) -> None:
    first = (await api.get("/api/dead-letters", params={"limit": 2})).json()
    rest = (await api.get("/api/dead-letters", params={"limit": 2, "cursor": first["cursor"]})).json()
    found = [*first["dead_letters"], *rest["dead_letters"]]
    assert {letter["job_id"] for letter in found} == set(failed)
    assert (first["total"], rest["cursor"]) == (3, None)
    assert found[0]["error"]["message"] == "broken pipe"
    assert (await api.get("/api/queues")).json()["dead_letters"] == 3
    others = (await api.get("/api/dead-letters", params={"job_type": "comfyui"})).json()
    assert others["dead_letters"] == []
    codes = (await api.get("/api/dead-letters", params={"error_code": "backend_error"})).json()
    assert len(codes["dead_letters"]) == 3


async def test_a_failed_job_is_retried_with_all_its_attempts(
    api: httpx.AsyncClient, redis_url: str, failed: list[str]
) -> None:
    retried = await api.post(f"/api/jobs/{failed[0]}/retry")
    assert (retried.status_code, retried.json()["status"]) == (200, "pending")
    assert (await api.post(f"/api/jobs/{failed[0]}/retry")).status_code == 404
    async with working(redis_url, complete):
        await ended(api, failed[0], "completed")


async def test_only_what_had_failed_when_the_operator_looked_is_requeued(
    api: httpx.AsyncClient, redis_url: str, failed: list[str]
) -> None:
    seen = (await api.get("/api/dead-letters")).json()["dead_letters"][0]["completed_at"]
    async with working(redis_url, fail):
        later = await submit(api)
        await ended(api, later, "failed")
    chosen = {"job_type": "simulation", "error_code": "backend_error", "failed_until": seen}
    answer = (await api.post("/api/dead-letters/requeue", json=chosen)).json()
    assert set(answer["requeued"]) == set(failed)
    assert (answer["refused"], answer["more"]) == ([], False)
    assert [x["job_id"] for x in (await api.get("/api/dead-letters")).json()["dead_letters"]] == [later]
    async with working(redis_url, complete):
        for job_id in failed:
            await ended(api, job_id, "completed")


async def test_an_unknown_and_a_users_dead_letter_are_refused_each_with_a_reason(
    api: httpx.AsyncClient, redis_url: str, failed: list[str]
) -> None:
    answer = (await api.post("/api/dead-letters/requeue", json={"ids": [failed[0], "unknown"]})).json()
    assert answer["requeued"] == [failed[0]]
    assert answer["refused"] == [{"job_id": "unknown", "error": "There is no such dead letter."}]


async def test_chosen_dead_letters_are_deleted(api: httpx.AsyncClient, failed: list[str]) -> None:
    assert (await api.post("/api/dead-letters/purge", json={"ids": failed[:1]})).json() == {"deleted": 1, "more": False}
    rest = (await api.post("/api/dead-letters/purge", json={"failed_until": 9_999_999_999_999})).json()
    assert rest == {"deleted": 2, "more": False}
    assert (await api.get(f"/api/jobs/{failed[0]}")).json()["status"] == "failed"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "send either `ids`"),
        ({"job_type": "simulation"}, "`failed_until` is required"),
        ({"ids": ["a"], "failed_until": 1}, "send either `ids`"),
        ({"ids": ["a"] * 501}, "at most 500"),
        ({"failed_until": 1, "error_code": "bad luck"}, ""),
    ],
)
@pytest.mark.parametrize("action", ["requeue", "purge"])
async def test_an_unclear_selection_is_refused(
    api: httpx.AsyncClient, action: str, body: dict[str, Any], message: str
) -> None:
    answer = await api.post(f"/api/dead-letters/{action}", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["errors"][0]["message"]
    assert (await api.get("/api/dead-letters", params={"cursor": "x"})).status_code == 400


async def test_a_drained_worker_finishes_its_job_and_leaves(api: httpx.AsyncClient, redis_url: str) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: StepContext) -> StepResult:
        begun.set()
        await go_on.wait()
        return StepResult(text="done")

    async with working(redis_url, slow) as consumer:
        first, second = await submit(api), await submit(api, max_attempts=2)
        await begun.wait()
        (worker,) = (await api.get("/api/workers")).json()["workers"]
        assert first in worker["current_job_ids"]
        drained = await api.post("/api/workers/w-1/drain")
        assert (drained.status_code, drained.json()["draining"]) == (202, True)

        async def knows() -> bool:
            return consumer.drained_by_operator

        await until(knows)
        third = await submit(api)
        go_on.set()
        await ended(api, first, "completed")

        async def gone() -> bool:
            return bool((await api.get("/api/workers")).json()["total"] == 0)

        await until(gone)
        assert (await api.get(f"/api/jobs/{third}")).json()["status"] == "pending"
        assert (await api.get(f"/api/jobs/{second}")).json()["status"] in {"completed", "pending"}
    assert (await api.post("/api/workers/w-1/drain")).status_code == 404


async def test_back_ends_are_listed_with_what_they_offer(api: httpx.AsyncClient, redis_url: str) -> None:
    async with (
        working(redis_url, complete, ("127.0.0.1_8188", "studio"), "w@127.0.0.1_8188"),
        working(redis_url, complete),
    ):

        async def registered() -> bool:
            return bool((await api.get("/api/workers")).json()["total"] == 2)

        await until(registered)
        (backend,) = (await api.get("/api/backends")).json()["backends"]
    assert (backend["id"], backend["aliases"]) == ("127.0.0.1_8188", ["studio"])
    assert (backend["gpu"], backend["vram_gb"], backend["models"]) == ("Test GPU", 24, ["sdxl.safetensors"])
    assert (backend["status"], backend["queue_depth"], backend["current_job_ids"]) == ("idle", 0, [])


async def test_jobs_of_a_bulk_succeed_and_fail_each_for_itself(api: httpx.AsyncClient) -> None:
    jobs = [SIMULATION, {"job_type": "hologram", "payload": {}}, SIMULATION | {"id": "mine"}, SIMULATION]
    answer = await api.post("/api/jobs/bulk", json={"jobs": jobs})
    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [("job" in result) for result in results] == [True, False, True, True]  # the depth limit is 3
    assert results[1]["error"]["code"] == "invalid_job_type"
    assert results[1]["error"]["instance"] == "/api/jobs/bulk#1"
    assert (answer.json()["accepted"], results[2]["job"]["job_id"]) == (3, "mine")
    full = (await api.post("/api/jobs/bulk", json={"jobs": [SIMULATION]})).json()["results"][0]
    assert (full["error"]["code"], full["error"]["retryable"]) == ("queue_full", True)


async def test_a_repeated_bulk_submits_nothing_again(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "batch-7"}
    body = {"jobs": [SIMULATION, SIMULATION]}
    first = (await api.post("/api/jobs/bulk", json=body, headers=headers)).json()["results"]
    again = (await api.post("/api/jobs/bulk", json=body, headers=headers)).json()["results"]
    assert [result["created"] for result in (*first, *again)] == [True, True, False, False]
    assert [r["job"]["job_id"] for r in first] == [r["job"]["job_id"] for r in again]
    other = {"jobs": [SIMULATION | {"priority": 1}]}
    changed = (await api.post("/api/jobs/bulk", json=other, headers=headers)).json()["results"][0]
    assert changed["error"]["code"] == "idempotency_mismatch"
    assert (await api.post("/api/jobs/bulk", json={"jobs": [SIMULATION] * 201})).status_code == 400


async def test_a_step_of_a_user_is_left_to_the_platform(api: httpx.AsyncClient, redis_url: str) -> None:
    client = await QueueClient.open(redis_url)
    step = make_step(requirements={"type": "simulation"}, max_attempts=1)
    await Producer(client).submit(step)
    async with working(redis_url, fail):
        await ended(api, step.id, "failed")
    answer = await api.post(f"/api/jobs/{step.id}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_retryable")
    await client.close()


async def test_an_operators_ticket_is_as_good_as_the_token_and_a_sockets_ticket_is_not(
    api: httpx.AsyncClient, link: QueueClient
) -> None:
    valid, socket = await OperatorTickets(link).make_operator_ticket(), await Tickets(link).make(None)
    for ticket, status in ((valid, 200), (socket, 401), ("do_" + socket, 401), (valid[:-1], 401)):
        answer = await api.get("/api/queues", headers={"Authorization": f"Bearer {ticket}"})
        assert answer.status_code == status, ticket
    assert (await api.get("/api/workers", headers={"Authorization": f"Bearer {valid}"})).status_code == 200


async def test_a_socket_of_an_operator_ends_after_an_hour_and_one_of_the_token_does_not(
    api: httpx.AsyncClient, link: QueueClient
) -> None:
    valid, now_ms = await OperatorTickets(link).make_operator_ticket(), time.time_ns() // 1_000_000
    by_ticket = (await api.post("/api/ws-ticket", headers={"Authorization": f"Bearer {valid}"})).json()["ticket"]
    by_token = (await api.post("/api/ws-ticket")).json()["ticket"]
    operator, token = await Tickets(link).take(by_ticket), await Tickets(link).take(by_token)
    assert operator is not None
    assert operator.until_ms is not None
    assert now_ms + 3_600_000 <= operator.until_ms < now_ms + 3_660_000
    assert token == TicketHolder(None)


def test_only_pages_of_listed_origins_may_call(redis_url: str, tmp_path: Path) -> None:
    ui = "https://ui.example"
    with queue_api(redis_url, tmp_path, UI_ORIGINS=ui) as service, httpx.Client(base_url=service.url) as browser:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        allowed = browser.options("/api/queues/pause", headers={"Origin": ui} | asked)
        assert allowed.headers["Access-Control-Allow-Origin"] == ui
        elsewhere = browser.options("/api/queues/pause", headers={"Origin": "https://evil.example"} | asked)
        assert "Access-Control-Allow-Origin" not in elsewhere.headers
