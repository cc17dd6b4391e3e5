"""Every submission takes a webhook for its job, which only the first event of the job carries."""

from typing import Any

import pytest
from darkroom_queue import EventLog, QueueClient
from darkroom_schemas.events import EventType
from support.emprops import simple
from support.platform import Account, Platform
from support.waiting import until

WEBHOOK = {"webhook_url": "https://example.com/hook?job=7", "webhook_events_filter": ["job.completed", "job.failed"]}
STORED = {"url": "https://example.com/hook?job=7", "events": ["job.completed", "job.failed"]}
QUEUE_JOB = {"jobType": "image_fast", "metadata": {"prompt": "a boat"}}
GENERATE = {"target_server_alias": "Main", "generation_params": {"positive_prompt": "a boat"}}


async def submissions(anna: Account) -> dict[str, dict[str, Any]]:
    made = await simple(anna)
    collection = made.json()["data"]["id"]
    return {
        "/api/queue-job": QUEUE_JOB,
        "/api/v2/generate": GENERATE,
        "/api/v1/generate": GENERATE,
        f"/api/collections/{collection}/generate": {"variables": {"Coast": "rocky", "mood": "calm", "Seed": 1}},
    }


async def test_every_dialect_accepts_the_webhook_of_a_job(platform: Platform) -> None:
    anna = await platform.account("anna")
    bodies = await submissions(anna)
    for path, body in bodies.items():
        answer = await anna.http.post(path, json=body | WEBHOOK)
        assert answer.status_code == 200, answer.text
        assert "example.com" not in answer.text
    link = await QueueClient.open(platform.settings.redis_url.get_secret_value())

    async def created() -> list[Any] | None:
        log = await EventLog(link).read(None, count=10_000)
        events = [event for event in log if event.type == EventType.JOB_CREATED and event.tenant == str(anna.id)]
        return [event.data.get("webhook") for event in events] if len(events) == len(bodies) else None

    assert await until(created) == [STORED] * len(bodies)
    await link.close()
    listed = await anna.http.get("/api/jobs")
    assert len(listed.json()["data"]) == len(bodies)
    assert "example.com" not in listed.text


@pytest.mark.parametrize(
    ("webhook", "field"),
    [
        ({"webhook_url": "ftp://example.com"}, "webhook_url"),
        ({"webhook_url": "https://user:pw@example.com"}, "webhook_url"),
        ({"webhook_url": "https://example.com/" + "x" * 2000}, "webhook_url"),
        ({"webhook_url": "http://0x7f.1/"}, "webhook_url"),
        (WEBHOOK | {"webhook_events_filter": ["job.danced"]}, "webhook_events_filter.0"),
        (WEBHOOK | {"webhook_events_filter": ["step.started"]}, "webhook_events_filter.0"),
    ],
)
async def test_an_unusable_webhook_is_a_400_that_names_the_field(
    platform: Platform, webhook: dict[str, Any], field: str
) -> None:
    anna = await platform.account("anna")
    for path, body in (await submissions(anna)).items():
        answer = await anna.http.post(path, json=body | webhook)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), path
