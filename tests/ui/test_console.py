"""An operator in the console, on the running stack."""

import re

import httpx
import pytest
from darkroom_local.state import RunningStack, StateDir
from playwright.sync_api import Page, expect
from support.browser import PHONE, OpenPages, sign_in
from support.pages import assert_no_serious_barrier, fits_sideways, settled

pytestmark = pytest.mark.e2e
NAMES = ("queues", "fleet", "jobs", "groups", "events", "webhooks", "users", "dead-letters")
PAGES = ("/console", *(f"/console/{name}" for name in NAMES))


def test_an_operator_finds_why_a_job_waits_and_resumes_its_type(signed_in: Page, stack: RunningStack) -> None:
    page, token = signed_in, {"Authorization": f"Bearer {stack.queue_token}"}
    httpx.post(f"{stack.queue_url}/api/queues/pause", json={"job_type": "video_high"}, headers=token)
    with httpx.Client(base_url=stack.platform_url, headers={"X-API-Key": stack.api_key}) as platform:
        made = platform.post("/api/queue-job", json={"jobType": "video_high", "metadata": {"prompt": "a wait"}}).json()
        page.goto(f"/studio/jobs/{made['job']['id']}")
        expect(page.get_by_text(re.compile("are paused by the operator of this server"))).to_be_visible()
        page.get_by_role("link", name="Console", exact=True).first.click()
        row = page.get_by_role("row", name=re.compile("video_high"))
        expect(row).to_contain_text("Paused")
        row.get_by_role("button", name=re.compile("Resume")).focus()
        page.keyboard.press("Enter")
        expect(row).not_to_contain_text("Paused")
        platform.post(f"/api/jobs/{made['job']['id']}/cancel", json={})


def test_workers_are_shown_and_draining_asks_first(signed_in: Page) -> None:
    page = signed_in
    page.goto("/console/fleet")
    row = page.get_by_role("row", name=re.compile("local-1"))
    expect(row).to_contain_text("sdxl-base-1.0")
    opener = row.get_by_role("button", name=re.compile("Drain"))
    opener.click()
    expect(page.get_by_role("dialog", name="Drain local-1?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_overview_shows_which_service_does_not_answer(signed_in: Page, stack: RunningStack) -> None:
    page = signed_in
    page.goto("/console")
    states = page.locator("[data-service]")
    expect(states).to_have_count(4)
    for name in ("platform-api", "queue-api", "webhook-dispatcher", "workers"):
        expect(page.locator(f"[data-service='{name}']")).to_have_attribute("data-state", "ok")
    page.route(f"{stack.dispatcher_url}/**", lambda route: route.abort())
    expect(page.locator("[data-service='webhook-dispatcher']")).to_have_attribute("data-state", "fail", timeout=30_000)
    expect(page.get_by_text(re.compile("It does not answer. Last answer"))).to_be_visible()
    assert_no_serious_barrier(page)
    page.unroute_all()
    expect(page.locator("[data-service='webhook-dispatcher']")).to_have_attribute("data-state", "ok", timeout=30_000)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_of_the_console_has_a_serious_barrier(open_pages: OpenPages, stack_state: StateDir, theme: str) -> None:
    page = sign_in(open_pages(theme=theme, reduced_motion="reduce"), stack_state)
    for path in PAGES:
        settled(page, path)
        assert_no_serious_barrier(page)


def test_no_page_of_the_console_scrolls_sideways_on_a_phone(open_pages: OpenPages, stack_state: StateDir) -> None:
    page = sign_in(open_pages(language="de-DE", viewport=PHONE, has_touch=True), stack_state)
    for path in PAGES:
        settled(page, path)
        assert fits_sideways(page), path
