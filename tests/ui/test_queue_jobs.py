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
def waiting(stack: RunningStack) -> Iterator[str]:
    """Submit a job that no worker can run."""
    headers = {"Authorization": f"Bearer {stack.queue_token}"}
    with httpx.Client(base_url=stack.queue_url, headers=headers, timeout=60) as queue:
        body = {"job_type": "simulation", "payload": {}, "requirements": {"models": ["no-such-model"]}}
        job_id = str(queue.post("/api/jobs", json=body).raise_for_status().json()["job_id"])
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
    page.get_by_role("button", name="Cancel").press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("^Cancel"))
    dialog.get_by_role("button", name="Cancel the step").press("Enter")
    expect(page.locator("main .st").first).to_have_text("Cancelled")
    page.go_back()
    expect(page.get_by_label("Status")).to_have_value("pending")
    expect(page.get_by_label("Type")).to_have_value("simulation")
    expect(row).to_have_count(0)
