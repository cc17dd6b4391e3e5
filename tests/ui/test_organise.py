"""Pictures are found again: favourites, tags and search, in the library and in the viewer."""

import re
import zipfile
from pathlib import Path

import pytest
from darkroom_local.state import StateDir
from playwright.sync_api import Page, expect
from support.browser import OpenPages, sign_in
from support.pages import assert_no_serious_barrier, settled
from support.pictures import make_pictures

pytestmark = pytest.mark.e2e
PROMPT = "a lighthouse on a zircon cliff"


@pytest.fixture(scope="module")
def pictures(stack_state: StateDir) -> list[str]:
    return make_pictures(stack_state, PROMPT)


def tiles(page: Page) -> list[str]:
    return [str(tile.get_attribute("data-asset")) for tile in page.locator(".gridrow [data-asset]").all()]


def test_a_favourite_is_seen_in_another_tab_at_once_and_after_a_reload(
    open_pages: OpenPages, stack_state: StateDir, pictures: list[str]
) -> None:
    context = open_pages()
    first, second = sign_in(context, stack_state), sign_in(context, stack_state)
    settled(second, "/library?q=zircon")
    settled(first, f"/studio/picture/{pictures[0]}")
    first.keyboard.press("f")
    expect(first.get_by_role("button", name="Favourite").first).to_have_attribute("aria-pressed", "true")
    heart = second.locator(f".tile:has([data-asset='{pictures[0]}']) .favour")
    expect(heart).to_have_attribute("aria-pressed", "true")
    second.get_by_role("button", name="Favourites").click()
    expect(second).to_have_url(re.compile("fav=1"))
    expect(second.locator(".gridrow [data-asset]")).to_have_count(1)
    second.reload()
    expect(second.locator(".gridrow [data-asset]")).to_have_count(1)
    first.keyboard.press("f")
    expect(second.get_by_text("Nothing was found for “zircon”.")).to_be_visible()


def test_pictures_are_tagged_together_and_found_by_tag(signed_in: Page, pictures: list[str]) -> None:
    page = signed_in
    settled(page, "/library?q=zircon")
    page.locator(".gridrow .pick").nth(0).click()
    page.locator(".gridrow .pick").nth(1).click()
    page.get_by_role("button", name="Add a tag").click()
    field = page.get_by_role("combobox", name="Add a tag")
    field.fill("For Print")
    field.press("Enter")
    page.keyboard.press("Escape")
    settled(page, f"/studio/picture/{pictures[0]}")
    expect(page.get_by_role("link", name="For Print")).to_be_visible()
    field = page.get_by_role("combobox", name="Add a tag")
    field.fill("sea")
    field.press(",")
    expect(page.get_by_role("link", name="sea")).to_be_visible()
    assert_no_serious_barrier(page)
    page.get_by_role("button", name="Remove the tag For Print").click()
    expect(page.get_by_role("link", name="For Print")).to_have_count(0)
    page.get_by_role("link", name="sea").click()
    expect(page.locator(".gridrow [data-asset]")).to_have_count(1)
    page.get_by_role("button", name="Remove the filter sea").click()
    page.get_by_role("button", name="Tags").click()
    page.get_by_role("button", name="For Print").click()
    expect(page.locator(".gridrow [data-asset]")).to_have_count(1)
    assert tiles(page) == [pictures[1]]
    assert_no_serious_barrier(page)


def test_a_selection_is_downloaded_as_one_file(signed_in: Page, pictures: list[str], tmp_path: Path) -> None:
    page = signed_in
    settled(page, "/library?q=zircon")
    for number in range(3):
        page.locator(".gridrow .pick").nth(number).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    assert re.fullmatch(r"darkroom-\d{4}-\d\d-\d\d\.zip", saved.value.suggested_filename)
    saved.value.save_as(tmp_path / "saved.zip")
    with zipfile.ZipFile(tmp_path / "saved.zip") as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted(
            f"a-lighthouse-on-a-zircon-cliff-{picture}.png" for picture in pictures[:3]
        )


def test_the_library_is_searched_while_one_types(signed_in: Page, pictures: list[str]) -> None:
    page = signed_in
    settled(page, "/library")
    page.keyboard.press("/")
    page.keyboard.type("cliff zirc", delay=20)
    expect(page).to_have_url(re.compile(r"q=cliff\+zirc"))
    expect(page.locator(".gridrow [data-asset]")).to_have_count(6)
    assert tiles(page) == pictures
    page.keyboard.type(" sloth", delay=20)
    expect(page.get_by_text("Nothing was found for “cliff zirc sloth”.")).to_be_visible()
    expect(page.get_by_label("Search prompts")).to_be_focused()
    assert_no_serious_barrier(page)
    page.get_by_role("button", name="Show everything").click()
    expect(page.get_by_label("Search prompts")).to_have_value("")
    expect(page.locator(f"[data-asset='{pictures[0]}']")).to_be_visible()
