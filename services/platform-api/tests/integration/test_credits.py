"""Credits: a statement that adds up, changes by operators, and no path that charges twice or below zero."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from darkroom_chassis.api_keys import KeyKind
from darkroom_queue import EventLog, QueueClient
from darkroom_schemas.events import Event, EventType
from support.platform import Account, Platform, StartPlatform, StartWorker
from support.waiting import until

SOME_ID = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"
ADJUST = "/api/admin/credits"


@pytest.fixture
async def operator(platform: Platform) -> httpx.AsyncClient:
    client = platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)})
    return await platform.stack.enter_async_context(client)


async def statement(account: Account, **asked: Any) -> dict[str, Any]:
    answer = await account.http.get("/api/credits", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def check_ledger(platform: Platform) -> None:
    """The balance is the sum of the ledger; of a job that has ended, all that was reserved was captured or released."""
    changes = """SELECT u.balance_mc, coalesce(sum(CASE l.kind WHEN 'grant' THEN amount_mc WHEN 'release' THEN amount_mc
                        WHEN 'capture' THEN 0 ELSE -amount_mc END), 0)
                 FROM platform.users u LEFT JOIN platform.credit_ledger l ON l.user_id = u.id GROUP BY u.id"""
    for balance_mc, sum_mc in await platform.rows(changes):
        assert balance_mc == sum_mc >= 0
    jobs = """SELECT j.status, j.charged_mc, coalesce(sum(amount_mc) FILTER (WHERE kind = 'reserve'), 0),
                     coalesce(sum(amount_mc) FILTER (WHERE kind = 'capture'), 0),
                     coalesce(sum(amount_mc) FILTER (WHERE kind = 'release'), 0)
              FROM platform.jobs j LEFT JOIN platform.credit_ledger l ON l.job_id = j.id GROUP BY j.id"""
    for status, charged_mc, reserved, captured, released in await platform.rows(jobs):
        assert captured == charged_mc
        if status in {"completed", "failed", "cancelled"}:
            assert reserved == captured + released
        else:
            assert (captured, released) == (0, 0)


async def test_statement_reports_every_change_with_the_balance_after_it(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna, ben = await platform.account("anna", credits=10), await platform.account("ben", credits=1)
    cancelled = (await anna.submit("image_fast"))["id"]
    assert (await statement(anna))["reserved"] == 0.5
    await anna.http.post(f"/api/jobs/{cancelled}/cancel")
    await start_worker()
    done = (await anna.submit("sdxl_image_fast"))["id"]
    await anna.finished(done)
    whole = await statement(anna)
    assert (whole["balance"], whole["reserved"], whole["cursor"]) == (8.5, 0, None)
    sent = [(line["kind"], line["change"], line["balance"]) for line in reversed(whole["data"])]
    assert sent == [
        ("grant", 10, 10),
        ("reserve", -0.5, 9.5),
        ("release", 0.5, 10),
        ("reserve", -1.5, 8.5),
        *[("capture", 0, 8.5)] * 6,
    ]
    assert [line["output"] for line in whole["data"][:6]] == [f"00:0{number}" for number in (5, 4, 3, 2, 1, 0)]
    assert {line["job_id"] for line in whole["data"]} == {None, cancelled, done}
    assert [line["kind"] for line in (await statement(ben))["data"]] == ["grant"]


async def test_pages_of_the_statement_add_up_to_the_whole_while_it_grows(platform: Platform) -> None:
    anna = await platform.account("anna")
    for _ in range(3):
        job_id = (await anna.submit("image_fast"))["id"]
        await anna.http.post(f"/api/jobs/{job_id}/cancel")
    whole = (await statement(anna))["data"]
    lines, cursor = [], None
    while True:
        page = await statement(anna, limit=2, **({"cursor": cursor} if cursor else {}))
        lines += page["data"]
        await anna.submit("image_fast")
        if (cursor := page["cursor"]) is None:
            break
    assert lines == whole


async def test_operator_gives_and_takes_and_the_ledger_says_who_and_why(
    platform: Platform, operator: httpx.AsyncClient
) -> None:
    anna = await platform.account("anna", credits=10)
    given = await operator.post(ADJUST, json={"user_id": anna.id, "amount": 2.5, "note": "invoice 7"})
    assert given.json() == {"user_id": anna.id, "amount": 2.5, "balance": 12.5}
    taken = await operator.post(ADJUST, json={"user_id": anna.id, "amount": -12.5})
    assert taken.json()["balance"] == 0
    more = await operator.post(ADJUST, json={"user_id": anna.id, "amount": -0.001})
    assert (more.status_code, more.json()["balance_credits"]) == (409, 0)
    lines = (await statement(anna))["data"]
    assert [(line["kind"], line["change"], line["note"]) for line in lines[:2]] == [
        ("deduction", -12.5, None),
        ("grant", 2.5, "invoice 7"),
    ]
    actors = await platform.rows("SELECT actor FROM platform.credit_ledger ORDER BY id DESC LIMIT 2")
    assert all(actor.startswith("key ") for (actor,) in actors)
    await check_ledger(platform)


async def test_adjustment_with_an_idempotency_key_happens_once(platform: Platform, operator: httpx.AsyncClient) -> None:
    anna = await platform.account("anna", credits=0)
    key, body = {"Idempotency-Key": "invoice-7"}, {"user_id": anna.id, "amount": 5}
    answers = await asyncio.gather(*(operator.post(ADJUST, json=body, headers=key) for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["balance"] for answer in answers if answer.status_code == 200} == {5}
    replayed = await operator.post(ADJUST, json=body, headers=key)
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert (await operator.post(ADJUST, json=body | {"amount": 6}, headers=key)).status_code == 422
    assert await anna.credits() == 5
    # The user's own keys are apart from the operators'.
    body = {"jobType": "image_fast"}
    assert (await anna.http.post("/api/queue-job", json=body, headers=key)).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"amount": 0}, 400, "amount"),
        ({"amount": 0.0001}, 400, "amount"),
        ({"amount": 1e12}, 400, "amount"),
        ({"amount": "much"}, 400, "amount"),
        ({"amount": "5"}, 400, "amount"),
        ({"amount": True}, 400, "amount"),
        ({"amount": None}, 400, "amount"),
        ({"amount": float("nan")}, 400, "amount"),
        ({"amount": float("inf")}, 400, "amount"),
        ({"user_id": "anna"}, 400, "user_id"),
        ({"note": "x" * 201}, 400, "note"),
        ({"reason": "x"}, 400, "reason"),
        ({"user_id": SOME_ID}, 404, None),
    ],
)
async def test_adjustment_that_makes_no_sense_is_refused(
    platform: Platform, operator: httpx.AsyncClient, changed: dict[str, Any], status: int, field: str | None
) -> None:
    anna = await platform.account("anna")
    answer = await operator.post(ADJUST, content=json.dumps({"user_id": anna.id, "amount": 1} | changed))
    assert answer.status_code == status, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ([field] if field else [])
    assert await anna.credits() == 100


async def test_only_operators_adjust_credits(platform: Platform) -> None:
    anna = await platform.account("anna")
    body = {"user_id": anna.id, "amount": 1}
    service = {"X-API-Key": await platform.key(KeyKind.SERVICE), "X-User-Id": anna.id}
    for headers in (anna.bearer, {"X-API-Key": anna.api_key}, service):
        async with platform.client(**headers) as client:
            assert (await client.post(ADJUST, json=body)).status_code == 403
    async with platform.client() as anonymous:
        assert (await anonymous.post(ADJUST, json=body)).status_code == 401


async def test_books_balance_after_a_hundred_submissions_and_cancels_at_once(
    platform: Platform, start_worker: StartWorker, operator: httpx.AsyncClient
) -> None:
    """Credits suffice for 60 of the 100; every second job is cancelled while workers are at it."""
    await start_worker()
    anna = await platform.account("anna", credits=30)

    async def submit(number: int) -> str | None:
        answer = await anna.http.post("/api/queue-job", json={"jobType": "image_fast"})
        if answer.status_code == 402:
            return None
        job_id = str(answer.json()["job"]["id"])
        if number % 2:
            cancelled = await anna.http.post(f"/api/jobs/{job_id}/cancel")
            assert cancelled.status_code in {200, 409}
        return job_id

    accepted = [job_id for job_id in await asyncio.gather(*map(submit, range(100))) if job_id]
    await operator.post(ADJUST, json={"user_id": anna.id, "amount": 1})
    assert len(accepted) >= 60
    for job_id in accepted:
        await anna.finished(job_id)
    await check_ledger(platform)
    whole = await statement(anna)
    assert whole["reserved"] == 0
    charged = await platform.rows("SELECT coalesce(sum(charged_mc), 0) FROM platform.jobs")
    assert whole["balance"] == 31 - float(charged[0][0]) / 1000


async def test_a_balance_that_falls_below_the_limit_is_announced_once(start_platform: StartPlatform) -> None:
    platform = await start_platform(credits_low_below=9.0)
    anna = await platform.account("anna", credits=10)
    jobs = [(await anna.submit("image_fast", prompt="a boat"))["id"] for _ in range(4)]
    client = await QueueClient.open(platform.redis_url)

    async def announced() -> list[Event]:
        events = await EventLog(client).read(None)
        everything_is_there = {event.job_id for event in events if event.type == EventType.JOB_CREATED} >= set(jobs)
        return [event for event in events if event.type == EventType.CREDITS_LOW] if everything_is_there else []

    [low] = await until(announced)
    assert (str(low.tenant), low.job_id) == (str(anna.id), jobs[2])
    assert low.data == {"credits": 8.5, "below": 9.0}
    await client.close()
