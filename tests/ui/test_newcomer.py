"""A person who opens Darkroom for the first time, in a real browser on the running stack."""

import re

import pytest
from darkroom_local.state import RunningStack
from playwright.sync_api import Page, expect
from support.browser import OpenPages

pytestmark = pytest.mark.e2e
PROMPT = "A castle with a red roof under a big sky"


def test_a_newcomer_makes_pictures_looks_at_them_and_uses_the_recipe_again(signed_in: Page) -> None:
    page = signed_in
    page.locator("#prompt").fill(PROMPT)
    button = page.get_by_role("button", name=re.compile("Generate 6"))
    expect(button).to_contain_text("cr")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=PROMPT)).to_be_visible()
    tiles = page.get_by_role("list", name="Result").get_by_role("listitem")
    expect(tiles).to_have_count(6)
    places = [tile.bounding_box() for tile in tiles.all()]
    pictures = tiles.get_by_role("link", name=re.compile(f"^Open [1-6]: {PROMPT}$"))
    expect(pictures).to_have_count(6, timeout=120_000)
    assert [tile.bounding_box() for tile in tiles.all()] == places

    page.locator("#prompt").blur()
    page.keyboard.press("2")
    expect(page.get_by_text("2 of 6")).to_be_visible()
    shown = page.locator(".print img")
    expect(shown).to_have_js_property("naturalWidth", 128)
    before = shown.bounding_box()
    page.keyboard.press("+")
    after = shown.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == pytest.approx(before["width"] * 1.25, rel=0.02)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("3 of 6")).to_be_visible()
    seed = page.get_by_role("button", name="Copy Seed").inner_text()
    with page.expect_download() as saved:
        page.keyboard.press("d")
    assert saved.value.suggested_filename.endswith(".png")

    page.keyboard.press("r")
    expect(page.locator("#prompt")).to_have_value(PROMPT)
    expect(page.get_by_label("Seed", exact=True)).to_have_value(seed)
    page.get_by_role("link", name="Library", exact=True).first.click()
    expect(page.get_by_role("heading", name=re.compile("^Today"))).to_be_visible()


def test_a_video_plays_in_the_viewer(signed_in: Page) -> None:
    page = signed_in
    page.get_by_label("Type").select_option("video_fast")
    page.locator("#prompt").fill("waves rolling onto a beach")
    page.get_by_role("button", name=re.compile("^Generate")).click()
    page.get_by_role("link", name=re.compile("^Open 1: waves")).click(timeout=120_000)
    video = page.locator("video")
    expect(video).to_have_js_property("error", None)
    expect(video).to_have_js_property("paused", False)
    page.keyboard.press(",")
    expect(video).to_have_js_property("paused", True)
    stopped_at = video.evaluate("(shown) => shown.currentTime")
    page.keyboard.press(".")
    assert video.evaluate("(shown) => shown.currentTime") > stopped_at


def test_without_a_session_there_is_only_the_sign_in_page(open_pages: OpenPages, stack: RunningStack) -> None:
    page = open_pages().new_page()
    page.goto("/library")
    page.get_by_label("Name").fill("demo")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert page.evaluate("fetch('/api/jobs').then((answer) => answer.status)") == 401


def test_an_empty_prompt_is_not_sent(signed_in: Page) -> None:
    page = signed_in
    page.locator("#prompt").fill("   ")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Write a prompt first.")).to_be_visible()
    expect(page.locator("#prompt")).to_be_focused()
