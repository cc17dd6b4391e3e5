"""The jobs of all users in the console, on the running stack."""

import re
from collections.abc import Iterator

import httpx
import pytest
from darkroom_local.state import RunningStack
from playwright.sync_api import Page, expect
from support.pages import assert_no_serious_barrier, settled

pytestmark = pytest.mark.e2e


@pytest.fixture
def queue(stack: RunningStack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.queue_token}"}
    with httpx.Client(base_url=stack.queue_url, headers=headers, timeout=60) as client:
        yield client


def submit_waiting(queue: httpx.Client, **changes: str) -> str:
    """Submit a job that no worker can run."""
    body = {"job_type": "simulation", "payload": {}, "requirements": {"models": ["no-such-model"]}}
    return str(queue.post("/api/jobs", json=body | changes).raise_for_status().json()["job_id"])


@pytest.fixture
def waiting(queue: httpx.Client) -> Iterator[str]:
    job_id = submit_waiting(queue)
    yield job_id
    queue.post(f"/api/jobs/{job_id}/cancel")


def test_an_operator_finds_why_a_job_waits_and_cancels_it_by_keyboard(signed_in: Page, waiting: str) -> None:
    page = signed_in
    settled(page, "/console/jobs?type=simulation")
    page.get_by_label("Status").select_option("pending")
    row = page.get_by_role("row").filter(has_text=waiting[-11:])
    expect(row).to_contain_text("Pending")
    expect(row).to_contain_text("system")
    assert_no_serious_barrier(page)
    page.locator("body").press("j")
    expect(page.locator("[data-opens]").first).to_be_focused()
    row.get_by_role("link").press("Enter")
    expect(page.get_by_text("No live worker satisfies its requirements.")).to_be_visible()
    expect(page.get_by_text("no-such-model").first).to_be_visible()
    assert_no_serious_barrier(page)
    page.get_by_role("button", name="Priority").press("Enter")
    priority = page.get_by_role("dialog", name=re.compile("^Priority of"))
    priority.get_by_label("Priority").fill("101")
    expect(priority.get_by_role("button", name="Change the priority")).to_be_disabled()
    priority.get_by_label("Priority").fill("90")
    priority.get_by_label("Priority").press("Enter")
    expect(page.get_by_text("priority 90")).to_be_visible()
    page.get_by_role("button", name="Cancel").press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("^Cancel"))
    dialog.get_by_role("button", name="Cancel the step").press("Enter")
    expect(page.locator("main .st").first).to_have_text("Cancelled")
    page.go_back()
    expect(page.get_by_label("Status")).to_have_value("pending")
    expect(page.get_by_label("Type")).to_have_value("simulation")
    expect(row).to_have_count(0)


def test_several_steps_are_selected_and_cancelled_by_keyboard(signed_in: Page, queue: httpx.Client) -> None:
    page, jobs = signed_in, [submit_waiting(queue, workflow_id="selected-here") for _ in range(3)]
    settled(page, "/console/jobs?group=selected-here&status=pending")
    expect(page.locator("[data-opens]")).to_have_count(3)
    page.locator("body").press("j")
    page.keyboard.press("x")
    page.get_by_role("checkbox", name=re.compile(jobs[0][-6:])).check()
    bar = page.get_by_role("toolbar", name="Selected steps")
    expect(bar).to_contain_text("2 selected")
    assert_no_serious_barrier(page)
    page.keyboard.press(".")
    expect(bar.get_by_role("button", name="Cancel 2")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Cancel 2 steps?").get_by_role("button", name="Cancel 2").press("Enter")
    expect(page.get_by_role("status")).to_have_text("2 cancelled or asked to stop.")
    expect(page.locator("[data-opens]")).to_have_count(1)
    expect(bar).to_have_count(0)
    states = [queue.get(f"/api/jobs/{job}").json()["status"] for job in jobs]
    assert sorted(states) == ["cancelled", "cancelled", "pending"]
    queue.post(f"/api/jobs/{jobs[1]}/cancel")
