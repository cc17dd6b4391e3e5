"""Accepting many jobs at once: one key makes one job, and credits never go below zero."""

import asyncio
import json

import httpx
import psycopg
from darkroom_chassis.database import LOCK_TIMEOUT_MS
from darkroom_chassis.idempotency import IdempotencyKey
from platform_api.domain.accounts.credits import Adjustment
from platform_api.domain.idempotency import UnitOfWork
from platform_api.store.idempotency.expiry import delete_expired_keys
from platform_api.store.idempotency.unit_of_work import PostgresIdempotency
from platform_api.store.jobs.submissions import BATCH_LOCK_TIMEOUT_MS
from support.platform import Platform

BODY = {"jobType": "image_fast", "metadata": {"prompt": "a boat", "seed": 7}}


async def test_repeated_key_replays_the_first_answer(platform: Platform) -> None:
    anna = await platform.account("anna")
    headers = {"Idempotency-Key": "k1"}
    first = await anna.http.post("/api/queue-job", json=BODY, headers=headers)
    again = await anna.http.post("/api/queue-job", json=BODY, headers=headers)
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await anna.credits() == 99.5


async def test_key_with_another_body_is_a_422(platform: Platform) -> None:
    anna = await platform.account("anna")
    headers = {"Idempotency-Key": "k1"}
    await anna.http.post("/api/queue-job", json=BODY, headers=headers)
    answer = await anna.http.post("/api/queue-job", json={"jobType": "image_high"}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_mismatch"


async def test_key_belongs_to_its_user(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    answers = [
        await user.http.post("/api/queue-job", json=BODY, headers={"Idempotency-Key": "k1"}) for user in (anna, ben)
    ]
    assert answers[0].json()["job"]["id"] != answers[1].json()["job"]["id"]


async def test_unusable_key_is_a_400(platform: Platform) -> None:
    anna = await platform.account("anna")
    for key in ("two words", "x" * 256):
        answer = await anna.http.post("/api/queue-job", json=BODY, headers={"Idempotency-Key": key})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_replay_works_when_the_credits_are_gone(platform: Platform) -> None:
    anna = await platform.account("anna", credits=0.5)
    headers = {"Idempotency-Key": "k1"}
    first = await anna.http.post("/api/queue-job", json=BODY, headers=headers)
    again = await anna.http.post("/api/queue-job", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content


async def test_key_whose_first_request_hangs_is_a_409(platform: Platform) -> None:
    anna = await platform.account("anna")
    async with await psycopg.AsyncConnection.connect(platform.database_url) as first_request:
        await first_request.execute("SELECT 1 FROM platform.users WHERE id = %s FOR UPDATE", [anna.id])
        answer = await anna.http.post("/api/queue-job", json=BODY, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "idempotency_in_progress"
    assert answer.elapsed.total_seconds() >= LOCK_TIMEOUT_MS / 1000  # a lower bound, which a busy machine cannot break


async def test_submission_does_not_deadlock_with_another_request_of_its_key_that_changes_the_balance(
    platform: Platform,
) -> None:
    anna = await platform.account("anna")
    submitted: list[asyncio.Task[httpx.Response]] = []

    async def work(unit: UnitOfWork) -> str:
        headers = {"Idempotency-Key": "k1"}
        submitted.append(asyncio.create_task(anna.http.post("/api/queue-job", json=BODY, headers=headers)))
        await platform.lock_waited_for()
        return str(await unit.credits.adjust(Adjustment(anna.id, 1000, None, actor="test")))

    answer = await PostgresIdempotency(platform.running.database)(
        anna.id, IdempotencyKey("k1", "another request"), work
    )
    assert answer.body == "101000"
    assert (await submitted[0]).status_code == 422


async def test_key_is_free_again_when_a_concurrent_job_took_the_last_credits(platform: Platform) -> None:
    anna = await platform.account("anna", credits=0.5)
    headers = {"Idempotency-Key": "k1"}
    async with await psycopg.AsyncConnection.connect(platform.database_url) as another_job:
        await another_job.execute("UPDATE platform.users SET balance_mc = 0 WHERE id = %s", [anna.id])
        submitted = asyncio.create_task(anna.http.post("/api/queue-job", json=BODY, headers=headers))
        await platform.lock_waited_for()
    assert (await submitted).status_code == 402
    await platform.rows("UPDATE platform.users SET balance_mc = 500 RETURNING id")
    again = await anna.http.post("/api/queue-job", json=BODY, headers=headers)
    assert (again.status_code, "Idempotent-Replayed" in again.headers) == (200, False)


async def test_hundred_concurrent_requests_with_one_key_make_one_job(platform: Platform) -> None:
    anna = await platform.account("anna")
    answers = await asyncio.gather(
        *(anna.http.post("/api/queue-job", json=BODY, headers={"Idempotency-Key": "k1"}) for _ in range(100))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 99
    assert await platform.rows("SELECT count(*) FROM platform.jobs") == [(1,)]
    assert await anna.credits() == 99.5


async def test_hundred_concurrent_jobs_with_credits_for_ten_leave_ten_and_nothing(platform: Platform) -> None:
    anna = await platform.account("anna", credits=5)
    answers = await asyncio.gather(*(anna.http.post("/api/queue-job", json=BODY) for _ in range(100)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(402)) == (10, 90)
    assert await anna.credits() == 0
    assert await platform.rows(
        "SELECT count(*), sum(amount_mc) FROM platform.credit_ledger WHERE kind = 'reserve'"
    ) == [(10, 5000)]


async def test_repeated_key_stops_none_of_the_jobs_that_come_with_it(platform: Platform) -> None:
    anna = await platform.account("anna")
    keys = [{"Idempotency-Key": f"k{number % 20}"} for number in range(40)]
    answers = await asyncio.gather(*(anna.http.post("/api/queue-job", json=BODY, headers=key) for key in keys))
    assert {answer.status_code for answer in answers} == {200}
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 20
    assert await platform.rows("SELECT count(*) FROM platform.jobs") == [(20,)]
    assert await anna.credits() == 90


async def test_a_key_that_comes_twice_leaves_those_that_come_with_it_together(platform: Platform) -> None:
    anna = await platform.account("anna")
    headers = [header for n in range(12) for header in ({}, {"Idempotency-Key": f"k{n}"}, {"Idempotency-Key": f"k{n}"})]
    answers = await asyncio.gather(*(anna.http.post("/api/queue-job", json=BODY, headers=h) for h in headers))
    assert [answer.status_code for answer in answers] == [200] * len(headers)
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 12
    [(jobs, statements)] = await platform.rows("SELECT count(*), count(DISTINCT xmin::text) FROM platform.jobs")
    assert jobs == 24
    assert statements < 6


async def test_jobs_that_are_accepted_together_are_whole(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben", credits=0.5)
    bodies = [BODY | {"metadata": {"prompt": f"boat {number}"}} for number in range(20)]
    await asyncio.gather(*(user.http.post("/api/queue-job", json=body) for user in (anna, ben) for body in bodies))
    whole = """SELECT count(*), count(DISTINCT j.id), bool_and(s.payload ->> 'prompt' = j.parameters ->> 'prompt'),
        bool_and(l.amount_mc = j.price_mc AND l.user_id = j.user_id AND h.event = 'created')
        FROM platform.jobs j JOIN platform.steps s ON s.job_id = j.id JOIN platform.job_history h ON h.job_id = j.id
        JOIN platform.credit_ledger l ON l.job_id = j.id WHERE j.user_id = %s"""
    assert await platform.rows(whole, anna.id) == [(20, 20, True, True)]
    assert await platform.rows(whole, ben.id) == [(1, 1, True, True)]
    assert (await anna.credits(), await ben.credits()) == (90, 0)


async def test_whose_account_is_locked_keeps_nobody_else_waiting(platform: Platform) -> None:
    anna, *others = [await platform.account(name) for name in ("anna", "ben", "cleo", "dan", "eve", "finn")]
    async with await psycopg.AsyncConnection.connect(platform.database_url) as operator:
        await operator.execute("SELECT 1 FROM platform.users WHERE id = %s FOR UPDATE", [anna.id])
        hers = [asyncio.create_task(anna.http.post("/api/queue-job", json=BODY)) for _ in range(5)]
        answers = await asyncio.gather(*(user.http.post("/api/queue-job", json=BODY) for user in others * 4))
        assert {answer.status_code for answer in answers} == {200}
        assert not any(task.done() for task in hers)
    assert {(await task).status_code for task in hers} == {200}


async def test_jobs_that_are_read_together_stay_their_owners_own(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    hers = [(await anna.submit("image_fast", prompt="a boat"))["id"] for _ in range(5)]
    paths = [f"/api/jobs/{job_id}" for job_id in hers] * 10
    answers = await asyncio.gather(*(user.http.get(path) for path in paths for user in (anna, ben)))
    assert [answer.status_code for answer in answers] == [200, 404] * len(paths)
    assert [answer.json()["id"] for answer in answers[::2]] == hers * 10


async def test_answer_matches_the_document(platform: Platform) -> None:
    anna = await platform.account("anna")
    answer = (await anna.http.post("/api/queue-job", content=json.dumps(BODY | {"jobType": "sdxl_image_high"}))).json()
    assert answer["success"] is True
    assert answer["isSDXL"] is answer["negativePromptSupported"] is True
    assert answer["modelVariant"] == "sdxl-base-1.0"
    assert answer["job"]["user_id"] == anna.id
    assert answer["job"]["metadata"]["seeds"] == [7, 8, 9, 10, 11, 12]
    assert isinstance(answer["queueLength"], int)


async def test_keys_are_forgotten_after_a_day(platform: Platform) -> None:
    anna = await platform.account("anna")
    for key in ("yesterday", "today"):
        await anna.http.post("/api/queue-job", json=BODY, headers={"Idempotency-Key": key})
    async with await psycopg.AsyncConnection.connect(platform.database_url, autocommit=True) as connection:
        await connection.execute(
            "UPDATE platform.idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'yesterday'"
        )
    assert await delete_expired_keys(platform.running.database) == 1
    assert await platform.rows("SELECT key FROM platform.idempotency_keys") == [("today",)]


async def test_whose_account_is_locked_takes_no_more_than_one_connection(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    async with await psycopg.AsyncConnection.connect(platform.database_url) as operator:
        await operator.execute("SELECT 1 FROM platform.users WHERE id = %s FOR UPDATE", [anna.id])
        hers = [asyncio.create_task(anna.http.post("/api/queue-job", json=BODY)) for _ in range(15)]
        # By now, all of hers have stopped waiting together.
        await platform.lock_waited_for(at_least_ms=4 * BATCH_LOCK_TIMEOUT_MS)
        answer = await ben.http.post("/api/queue-job", json=BODY)
        # A request of his that waited for a connection of hers would wait for the end of a lock's timeout.
        assert (answer.status_code, answer.elapsed.total_seconds() < LOCK_TIMEOUT_MS / 2000) == (200, True)
        assert not any(task.done() for task in hers)
    assert {(await task).status_code for task in hers} == {200}
