"""Rows of the outbox that this release cannot read hold up nobody else's."""

import json

import pytest
from support.platform import Platform, StartPlatform, StartWorker
from support.waiting import until

INSERT = "INSERT INTO platform.outbox (kind, job_id, history_seq, body) VALUES (%s, %s, NULL, %s) RETURNING id"


async def poison(platform: Platform, kind: str, job_id: str | None, body: object) -> None:
    await platform.rows(INSERT, kind, job_id, json.dumps(body))


@pytest.fixture
async def platform(start_platform: StartPlatform) -> Platform:
    platform = await start_platform()
    await platform.execute("ALTER TABLE platform.outbox DROP CONSTRAINT outbox_kind_check")
    return platform


async def test_rows_that_cannot_be_read_are_put_aside_and_the_others_are_handed_over(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna = await platform.account("anna")
    some = (await anna.submit("prompt_enhance"))["id"]
    for kind, body in (
        ("submit", {"id": "x"}),
        ("submit", []),
        ("submit", {"id": f"{some}:1:00", "tenant": 7}),
        ("emit", {"type": "no.such.type"}),
        ("cancel", {}),
        ("cancel", {"step_id": 5, "reason": None}),
    ):
        await poison(platform, kind, some, body)
    await poison(platform, "keys", None, {"ids": 3})
    later = (await anna.submit("prompt_enhance"))["id"]
    await start_worker()
    assert (await anna.finished(later))["status"] == "completed"

    async def rejected() -> list[tuple[str]]:
        rows = await platform.rows(
            "SELECT kind FROM platform.outbox WHERE rejected_at IS NOT NULL AND rejected_reason <> '' ORDER BY id"
        )
        return [(kind,) for (kind,) in rows] if len(rows) >= 6 else []

    assert {kind for (kind,) in await until(rejected)} == {"submit", "emit", "cancel", "keys"}


async def test_rows_of_a_later_release_wait_for_it_and_hold_up_nobody(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna = await platform.account("anna")
    some = (await anna.submit("prompt_enhance"))["id"]
    for _ in range(250):
        await poison(platform, "of a later release", some, {})
    later = (await anna.submit("prompt_enhance"))["id"]
    await start_worker()
    assert (await anna.finished(later))["status"] == "completed"
    [(kept,)] = await platform.rows("SELECT count(*) FROM platform.outbox WHERE rejected_at IS NULL")
    assert kept == 250
