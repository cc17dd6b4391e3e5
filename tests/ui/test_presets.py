"""Presets: the form is saved under a name, recalled, renamed, replaced and deleted."""

import re

import pytest
from playwright.sync_api import Page, expect
from support.pages import assert_no_serious_barrier

pytestmark = pytest.mark.e2e


def open_menu(page: Page) -> None:
    page.get_by_role("button", name="Presets").click()


def save_as(page: Page, name: str, button: str) -> None:
    open_menu(page)
    page.get_by_role("button", name="Save this form as a preset").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("dialog").get_by_role("button", name=button).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_form_is_saved_recalled_replaced_renamed_and_deleted(signed_in: Page) -> None:
    page = signed_in
    prompt, seed = page.locator("#prompt"), page.get_by_label("Seed", exact=True)
    page.get_by_label("Type").select_option("sdxl_image_fast")
    prompt.fill("a harbour at night")
    seed.fill("18446744073709551615")
    save_as(page, "Harbour", "Save")
    page.get_by_label("Type").select_option("video_fast")
    prompt.fill("something else")
    seed.fill("")
    page.reload()
    open_menu(page)
    assert_no_serious_barrier(page)
    page.get_by_role("button", name="Harbour", exact=True).click()
    expect(prompt).to_have_value("a harbour at night")
    expect(seed).to_have_value("18446744073709551615")
    expect(page.get_by_label("Type")).to_have_value("sdxl_image_fast")

    prompt.fill("a harbour at noon")
    save_as(page, "Harbour", "Replace")
    prompt.fill("")
    open_menu(page)
    page.get_by_role("button", name="Rename “Harbour”").click()
    page.get_by_role("textbox", name="Name").fill("Noon")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    open_menu(page)
    page.get_by_role("button", name="Noon", exact=True).click()
    expect(prompt).to_have_value("a harbour at noon")

    open_menu(page)
    page.get_by_role("button", name="Delete “Noon”").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    open_menu(page)
    expect(page.get_by_text("No form has been saved yet.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Noon"))).to_have_count(0)
