"""`/api/job-groups` on real servers: credits, streams, cancellation, and the privacy of groups."""

import json
from typing import Any

import httpx
import pytest
from darkroom_queue import Handler, StepContext, StepFailed
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepError, StepResult
from support.platform import Account, Platform, StartWorker

BOATS: dict[str, Any] = {"job_type": "image_fast", "payload": {"prompt": "a boat"}, "count": 4, "base_seed": 41}


async def submit(account: Account, **changed: Any) -> dict[str, Any]:
    answer = await account.http.post("/api/job-groups", json=BOATS | changed)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def read(account: Account, group_id: str) -> dict[str, Any]:
    answer = await account.http.get(f"/api/job-groups/{group_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def finished(account: Account, group_id: str) -> dict[str, Any]:
    await account.finished(group_id)
    return await read(account, group_id)


async def test_a_group_is_reserved_run_streamed_and_paid(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna", credits=10)
    accepted = await submit(anna, seed_strategy="sequential", metadata={"campaign": "harbour"})
    price = accepted["price_credits"]
    assert accepted["seeds"] == [41, 42, 43, 44]
    assert await anna.credits() == 10 - price
    await start_worker()
    events = await anna.events(accepted["job_group_id"])
    assert json.loads(events[-1].data)["status"] == "completed"
    group = await read(anna, accepted["job_group_id"])
    assert (group["status"], group["completed_count"], group["policy"]) == ("completed", 4, "all")
    assert [child["seed"] for child in group["child_jobs"]] == accepted["seeds"]
    assert all(len(child["outputs"]) == 1 and child["progress"] == 100 for child in group["child_jobs"])
    assert group["metadata"]["campaign"] == "harbour"
    assert (group["charged_credits"], await anna.credits()) == (price, 10 - price)


async def test_what_fails_is_not_paid(platform: Platform, start_worker: StartWorker, produce: Handler) -> None:
    async def refuse_one(context: StepContext) -> StepResult:
        if context.step.payload["seeds"] == [42]:
            raise StepFailed(StepError(code=StepErrorCode.OUT_OF_MEMORY, message="The card is too small."))
        return await produce(context)

    anna = await platform.account("anna", credits=10)
    await start_worker(refuse_one)
    accepted = await submit(anna, seed_strategy="sequential")
    group = await finished(anna, accepted["job_group_id"])
    assert (group["status"], group["completed_count"], group["failed_count"]) == ("partial_complete", 3, 1)
    assert "The card is too small." in group["error"]["message"]
    assert group["child_jobs"][1]["error"]["code"] == "out_of_memory"
    assert group["charged_credits"] == pytest.approx(accepted["price_credits"] * 3 / 4)
    assert await anna.credits() == pytest.approx(10 - group["charged_credits"])


async def test_the_first_one_ends_the_others(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna", credits=10)
    accepted = await submit(anna, policy="first", max_parallel=1)
    await start_worker()
    group = await finished(anna, accepted["job_group_id"])
    assert (group["status"], group["policy"], group["max_parallel"]) == ("completed", "first", 1)
    assert (group["completed_count"], group["cancelled_count"]) == (1, 3)
    assert group["charged_credits"] == pytest.approx(accepted["price_credits"] / 4)


async def test_a_cancelled_group_costs_nothing(platform: Platform) -> None:
    anna = await platform.account("anna", credits=10)
    accepted = await submit(anna)
    for _ in range(2):
        answer = await anna.http.delete(f"/api/job-groups/{accepted['job_group_id']}")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert await anna.credits() == 10


async def test_a_repeated_request_makes_one_group(platform: Platform) -> None:
    anna = await platform.account("anna", credits=10)
    headers = {"Idempotency-Key": "harbour-1"}
    first, second = [await anna.http.post("/api/job-groups", json=BOATS, headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    other = await anna.http.post("/api/job-groups", json=BOATS | {"count": 2}, headers=headers)
    assert other.status_code == 422


async def test_groups_are_private(platform: Platform) -> None:
    anna, bert = await platform.account("anna"), await platform.account("bert")
    group_id = (await submit(anna))["job_group_id"]
    for method in ("GET", "DELETE"):
        assert (await bert.http.request(method, f"/api/job-groups/{group_id}")).status_code == 404
    job_id = (await anna.submit("image_fast", prompt="a boat"))["id"]
    assert (await anna.http.get(f"/api/job-groups/{job_id}")).status_code == 404  # a job, and no group


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": True}, "count"),
        ({"policy": "most"}, "policy"),
        ({"policy": "quorum(5)"}, "policy"),
        ({"seed_strategy": "lucky"}, "seed_strategy"),
        ({"payload": {"prompt": "a boat", "seed": 1}}, "payload.seed"),
        ({"payload": {"prompt": "a boat", "colour": "red"}}, "payload.colour"),
        ({"priority": 0}, "priority"),
        ({"max_parallel": 0}, "max_parallel"),
        ({"metadata": {"x": "y" * 70_000}}, "metadata"),
    ],
)
async def test_bad_input_is_refused_by_field(platform: Platform, changed: dict[str, Any], field: str) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.post("/api/job-groups", json=BOATS | changed)
    assert answer.status_code == 400, answer.text
    assert field in {error["field"] for error in _errors(answer)}


def _errors(answer: httpx.Response) -> list[dict[str, Any]]:
    return list(answer.json()["errors"])


async def test_too_few_credits_for_all_children_are_refused(platform: Platform) -> None:
    anna = await platform.account("anna", credits=0.6)
    answer = await anna.http.post("/api/job-groups", json=BOATS)
    assert answer.status_code == 402
    assert await anna.credits() == 0.6
