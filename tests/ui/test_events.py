"""The live list of events in the console, on the running stack."""

import re
from collections.abc import Iterator

import httpx
import pytest
from darkroom_local.state import RunningStack, StateDir
from playwright.sync_api import Locator, Page, expect
from support.pages import assert_no_serious_barrier, settled
from support.stack import replicas_of

pytestmark = pytest.mark.e2e


@pytest.fixture
def queue(stack: RunningStack) -> Iterator[httpx.Client]:
    """Open queue-api as its operator."""
    headers = {"Authorization": f"Bearer {stack.queue_token}"}
    with httpx.Client(base_url=stack.queue_url, headers=headers, timeout=60) as client:
        yield client


def submit(queue: httpx.Client) -> str:
    """Submit a job that no worker can run."""
    body = {"job_type": "simulation", "payload": {}, "requirements": {"models": ["no-such-model"]}}
    return str(queue.post("/api/jobs", json=body).raise_for_status().json()["job_id"])


def rows(page: Page, text: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=text)


def test_events_appear_as_they_happen_and_open_their_job(signed_in: Page, queue: httpx.Client) -> None:
    page, before = signed_in, submit(queue)
    settled(page, "/console/events")
    expect(rows(page, before[-11:])).to_contain_text("Submitted")
    job_id = submit(queue)
    row = rows(page, job_id[-11:])
    expect(row).to_contain_text("simulation")
    queue.post(f"/api/jobs/{job_id}/cancel").raise_for_status()
    expect(row).to_have_count(2)
    expect(row.first).to_contain_text("Cancelled: cancelled through the queue API")
    assert_no_serious_barrier(page)
    row.first.get_by_role("link").press("Enter")
    expect(page.get_by_role("heading", name=re.compile("^Step"))).to_contain_text(job_id[-11:])
    expect(page.locator("main .st").first).to_have_text("Cancelled")
    page.go_back()
    expect(row).to_have_count(2)


def test_a_paused_list_stands_still_and_filters_choose(signed_in: Page, queue: httpx.Client) -> None:
    page = signed_in
    settled(page, "/console/events")
    expect(page.get_by_role("region", name="Events", exact=True).get_by_role("status")).to_have_text("live")
    page.keyboard.press("p")
    job_id = submit(queue)
    expect(page.get_by_text(re.compile(r"^[1-9]\d* new$"))).to_be_visible()
    expect(rows(page, job_id[-11:])).to_have_count(0)
    page.get_by_role("button", name="Continue").press("Enter")
    expect(rows(page, job_id[-11:])).to_have_count(1)
    page.get_by_label("Type").fill("comfyui")
    expect(page.get_by_text("No event matches these filters.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Type")).to_have_value("comfyui")
    page.get_by_role("button", name="Show everything").click()
    page.get_by_label("Job id").fill(job_id)
    expect(page.get_by_role("region", name="Events, the newest first").get_by_role("listitem")).to_have_count(1)
    queue.post(f"/api/jobs/{job_id}/cancel").raise_for_status()


def test_a_lost_connection_is_resumed_and_marked(signed_in: Page, queue: httpx.Client, stack_state: StateDir) -> None:
    page = signed_in
    settled(page, "/console/events")
    expect(page.get_by_role("region", name="Events", exact=True).get_by_role("status")).to_have_text("live")
    for process in replicas_of(stack_state.running(), "queue-api"):
        process.kill()
    expect(page.get_by_text(re.compile("not connected since"))).to_be_visible()
    expect(rows(page, "The connection was lost here.")).to_have_count(1, timeout=60_000)
    job_id = submit(queue)
    expect(rows(page, job_id[-11:])).to_have_count(1)
    queue.post(f"/api/jobs/{job_id}/cancel").raise_for_status()
