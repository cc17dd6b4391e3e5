"""Two pictures are compared, and a picture is made again and compared with itself."""

import re

import pytest
from darkroom_local.state import StateDir
from playwright.sync_api import Page, expect
from support.pages import assert_no_serious_barrier, settled
from support.pictures import make_pictures

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pictures(stack_state: StateDir) -> list[str]:
    return make_pictures(stack_state, "a windmill in a zinc valley")


def test_two_of_the_library_are_compared(signed_in: Page, pictures: list[str]) -> None:
    page = signed_in
    settled(page, "/library?q=zinc")
    page.locator(".gridrow .pick").nth(0).click()
    assert page.get_by_role("button", name="Compare").count() == 0
    page.locator(".gridrow .pick").nth(1).click()
    page.keyboard.press("c")
    expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", "different")
    expect(page.locator("[data-verdict]")).to_contain_text(re.compile(r"[\d.]+\s% of the pixels differ"))
    edge = page.get_by_role("slider", name="Where the edge is")
    edge.focus()
    edge.press("ArrowLeft")
    expect(edge).to_have_value("49")
    assert_no_serious_barrier(page)
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Differences").click()
    heat = page.get_by_role("img", name="Map of the differences")
    brightest = heat.evaluate(
        "canvas => Math.max(...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter("
        "(_, at) => at % 4 === 0))"
    )
    assert brightest == 255
    page.keyboard.press("2")
    expect(page.locator(".pair-side img")).to_have_count(2)
    first, second = page.url.rsplit("/", 2)[-2:]
    page.keyboard.press("x")
    expect(page).to_have_url(re.compile(f"/{second}/{first}$"))
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/library"))


def test_a_whole_batch_made_again_gives_the_same_bytes(signed_in: Page, pictures: list[str]) -> None:
    page = signed_in
    settled(page, f"/studio/picture/{pictures[2]}")
    page.get_by_role("button", name="Make it again").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="All 6 of its batch").click()
    assert_no_serious_barrier(page)
    dialog.get_by_role("button", name="Make it again").click()
    expect(page).to_have_url(re.compile(f"/studio/replay/{pictures[2]}/"))
    page.reload()
    expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", "bytes", timeout=60_000)
    expect(page.get_by_text("The same file, byte for byte.")).to_be_visible()
    assert_no_serious_barrier(page)


def test_a_picture_made_again_alone_is_the_same_to_the_eye(signed_in: Page, pictures: list[str]) -> None:
    page = signed_in
    settled(page, f"/studio/picture/{pictures[3]}")
    expect(page.get_by_role("button", name="Compare with the next picture")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", "different")
    page.go_back()
    page.get_by_role("button", name="Make it again").click()
    page.get_by_role("dialog").get_by_role("button", name="Make it again").click()
    expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", re.compile("bytes|near"), timeout=60_000)
