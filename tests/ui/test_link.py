"""The link to the server: reloads, killed servers and several tabs lose nothing."""

import re

import pytest
from darkroom_local.state import StateDir
from playwright.sync_api import Page, expect
from support.browser import OpenPages, sign_in
from support.stack import replicas_of

pytestmark = pytest.mark.e2e


def generate(page: Page, prompt: str, job_type: str = "sdxl_image_fast") -> None:
    page.get_by_label("Type").select_option(job_type)
    page.locator("#prompt").fill(prompt)
    page.get_by_role("button", name=re.compile("^Generate")).click()
    expect(page.get_by_role("heading", name=prompt)).to_be_visible()


def test_a_reload_in_the_middle_loses_nothing(signed_in: Page) -> None:
    page = signed_in
    generate(page, "two boats, before the reload", "video_fast")
    page.reload()
    expect(page.get_by_role("heading", name="two boats, before the reload")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Open 1: two boats"))).to_have_count(1, timeout=120_000)


def test_a_killed_server_is_said_and_the_page_goes_on_by_itself(signed_in: Page, stack_state: StateDir) -> None:
    page = signed_in
    generate(page, "a lighthouse, before the kill")
    for process in replicas_of(stack_state.running(), "platform-api"):
        process.kill()
    expect(page.get_by_text(re.compile("Not connected since"))).to_be_visible()
    expect(page.locator(".live")).to_have_text("live", timeout=60_000)
    expect(page.get_by_text(re.compile("Not connected since"))).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^Open [1-6]: a lighthouse"))).to_have_count(6, timeout=120_000)


def test_tabs_share_one_stream_and_show_the_same(open_pages: OpenPages, stack_state: StateDir) -> None:
    context = open_pages()
    first, second = sign_in(context, stack_state), sign_in(context, stack_state)
    own = "performance.getEntriesByType('resource').filter(({name}) => name.includes('/api/events')).length"
    assert (first.evaluate(own), second.evaluate(own)) == (0, 0)
    generate(first, "a balloon in the first tab")
    expect(second.get_by_role("heading", name="a balloon in the first tab")).to_be_visible()


def test_signing_out_ends_the_session_in_every_tab(open_pages: OpenPages, stack_state: StateDir) -> None:
    context = open_pages()
    first, second = sign_in(context, stack_state), sign_in(context, stack_state)
    first.get_by_role("button", name=re.compile("^Account of")).click()
    first.get_by_role("menuitem", name="Sign out").click()
    expect(first.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(second.get_by_role("heading", name="Sign in")).to_be_visible()
