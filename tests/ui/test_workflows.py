"""Workflows and collections: a form is made of a workflow, used, and deleted; an own workflow is saved."""

import re

import pytest
from playwright.sync_api import Page, expect
from support.pages import assert_no_serious_barrier, settled

pytestmark = pytest.mark.e2e


def test_a_form_is_made_of_a_built_in_workflow_and_draws(signed_in: Page) -> None:
    page = signed_in
    page.get_by_role("link", name="Workflows").first.click()
    expect(page.get_by_role("link", name="Workflows").first).to_have_attribute("aria-current", "page")
    card = page.locator(".card", has_text="Six images from a prompt; negative_prompt")
    card.get_by_role("button", name="Use").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Coasts")
    dialog.get_by_label(re.compile("^Prompt")).fill("a lighthouse\n\n a harbour ")
    assert_no_serious_barrier(page)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Coasts")).to_be_visible()
    prompt = page.get_by_label("Prompt", exact=True)
    expect(prompt).to_have_value("a lighthouse")
    prompt.select_option("a harbour")
    page.get_by_label("Seed").fill("not a number")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("alert")).to_contain_text("seed")
    page.get_by_label("Seed").fill("18446744073709551615")
    page.get_by_role("button", name="Generate").click()
    expect(page).to_have_url(re.compile(r"\?job="))
    page.reload()
    expect(page.locator(".contact .tile.fresh")).to_have_count(6, timeout=60_000)
    expect(page.get_by_role("heading", name="a harbour")).to_be_visible()
    expect(page.get_by_text("1 · seed 18446744073709551615")).to_be_attached()
    assert_no_serious_barrier(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Coasts")).to_have_count(0)


def test_an_own_workflow_is_saved_and_its_placeholders_become_choices(signed_in: Page) -> None:
    page = signed_in
    settled(page, "/studio/workflows")
    page.get_by_role("button", name="New workflow").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Größere Wellen")
    definition = dialog.get_by_label("Definition")
    definition.fill("{")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The definition is not a JSON object.")
    definition.fill('{"steps": [{"job_type": "hologram", "payload": {"prompt": "{{wave}} at {{ time }}"}}]}')
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("data.steps.0.job_type")
    definition.fill(
        '{"steps": [{"job_type": "image_fast",'
        ' "payload": {"prompt": "{{wave}} at {{ time }}", "seed": 9007199254740993}}]}'
    )
    dialog.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("/studio/workflows/grossere-wellen$"))
    expect(page.get_by_role("definition").filter(has_text="Wave, Time")).to_be_visible()
    expect(page.locator("pre")).to_contain_text('"seed": 9007199254740993')
    assert_no_serious_barrier(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="Größere Wellen")).to_have_count(0)
    settled(page, "/studio/workflows/sdxl_image")
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
