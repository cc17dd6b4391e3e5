"""Job groups in the console, on the running stack."""

import httpx
import pytest
from darkroom_local.state import RunningStack
from playwright.sync_api import Page, expect
from support.browser import PHONE
from support.pages import assert_no_serious_barrier, fits_sideways, settled

pytestmark = pytest.mark.e2e


def test_an_operator_opens_a_group_and_cancels_what_is_left_of_it(signed_in: Page, stack: RunningStack) -> None:
    token = {"Authorization": f"Bearer {stack.queue_token}"}
    with httpx.Client(base_url=stack.queue_url, headers=token, timeout=60) as queue:
        queue.post("/api/queues/pause", json={"job_type": "simulation"}).raise_for_status()
        body = {"job_type": "simulation", "payload": {}, "count": 3, "policy": "quorum(2)"}
        group_id = queue.post("/api/job-group", json=body).raise_for_status().json()["job_group_id"]
        page = signed_in
        settled(page, "/console/groups")
        row = page.get_by_role("row").filter(has_text=group_id[-6:])
        expect(row).to_contain_text("quorum(2)")
        expect(row).to_contain_text("0 of 3 completed")
        assert_no_serious_barrier(page)
        row.get_by_role("link").press("Enter")
        members = page.get_by_role("region", name="Members").get_by_role("row")
        expect(members).to_have_count(4)
        assert_no_serious_barrier(page)
        page.get_by_role("button", name="Cancel the group").press("Enter")
        page.get_by_role("dialog", name="Cancel 3 members?").get_by_role("button", name="Cancel 3").press("Enter")
        expect(page.locator("main .head .st")).to_have_text("Cancelled")
        queue.post("/api/queues/resume", json={"job_type": "simulation"}).raise_for_status()
        page.set_viewport_size(PHONE)
        assert fits_sideways(page)
