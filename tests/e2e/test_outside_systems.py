"""What programs outside see through the running stack: plain HTTP, and webhooks."""

import httpx
import pytest
from darkroom_local.state import RunningStack
from standardwebhooks import Webhook
from support.scripted_service import Answer, scripted_service
from support.waiting import until

pytestmark = pytest.mark.e2e
ORDER = {"jobType": "image_fast", "metadata": {"prompt": "a lighthouse at dawn"}}


def test_a_job_of_plain_http_with_a_jwt_is_followed_to_its_end(access: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {access['jwt']}"}
    with httpx.Client(base_url=access["platform_url"], headers=headers, timeout=60) as http:
        job_id = http.post("/api/queue-job", json=ORDER).raise_for_status().json()["job"]["id"]
        stream = http.get(f"/api/jobs/{job_id}/stream").text
        job = http.get(f"/api/jobs/{job_id}").json()
    names = [line.removeprefix("event: ") for line in stream.splitlines() if line.startswith("event: ")]
    assert names[0] == "history_init"
    assert {"job_update", "job_history"} <= set(names)
    assert (job["status"], job["data"]["status"]) == ("completed", "completed")
    assert httpx.get(job["metadata"]["primary_asset"]).content.startswith(b"\x89PNG")


def test_without_a_token_nothing_is_readable(stack: RunningStack) -> None:
    with httpx.Client(base_url=stack.platform_url) as http:
        assert http.post("/api/queue-job", json=ORDER).status_code == 401
        assert http.get("/api/jobs").status_code == 401


async def test_a_completed_job_reaches_a_webhook_that_was_down_for_a_moment(stack: RunningStack) -> None:
    with scripted_service() as receiver:
        receiver.on("/hook", Answer(503), Answer(200, b"{}"))
        headers = {"X-API-Key": stack.api_key}
        async with (
            httpx.AsyncClient(base_url=stack.dispatcher_url, headers=headers) as dispatcher,
            httpx.AsyncClient(base_url=stack.platform_url, headers=headers) as platform,
        ):
            registration = {"url": f"{receiver.url}/hook", "events": ["job.completed"]}
            endpoint = (await dispatcher.post("/api/webhooks", json=registration)).raise_for_status().json()
            accepted = (await platform.post("/api/queue-job", json=ORDER)).raise_for_status().json()

            async def delivered_again() -> bool:
                return len(receiver.asked) >= 2

            await until(delivered_again, timeout_s=60)
            removed = await dispatcher.delete(f"/api/webhooks/{endpoint['id']}")
        assert removed.is_success
        first, second = receiver.asked
    body = Webhook(endpoint["secret"]).verify(second.body.decode(), second.headers)
    assert (body["type"], body["data"]["job_id"]) == ("job.completed", accepted["job"]["id"])
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_the_queue_shows_its_workers_to_those_with_the_token(stack: RunningStack) -> None:
    with httpx.Client(base_url=stack.queue_url) as queue:
        assert queue.get("/workers").status_code == 401
        shown = queue.get("/workers", headers={"Authorization": f"Bearer {stack.queue_token}"}).raise_for_status()
    assert "sdxl_image_fast" in shown.text
