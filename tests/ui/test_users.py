"""Users in the console, on the running stack."""

import re

import httpx
import pytest
from darkroom_local.state import RunningStack
from playwright.sync_api import Page, expect
from support.browser import PHONE
from support.pages import assert_no_serious_barrier, fits_sideways, settled
from support.program import Program

pytestmark = pytest.mark.e2e


def test_an_operator_gives_credits_and_blocks_a_user(signed_in: Page, darkroom: Program, stack: RunningStack) -> None:
    added = darkroom("user", "add", "mira", "--credits", "1")
    [key] = re.findall(r"api_key: (\S+)", added.stdout)
    page = signed_in
    settled(page, "/console/users?search=mira")
    row = page.get_by_role("row").filter(has_text="mira")
    expect(row).to_contain_text("Active")
    assert_no_serious_barrier(page)
    opener = row.get_by_role("button", name="Credits")
    opener.press("Enter")
    dialog = page.get_by_role("dialog", name="Credits for mira")
    dialog.get_by_label("Amount in credits").fill("2,5")
    expect(dialog.get_by_role("button", name="Add 2.5")).to_be_disabled()
    dialog.get_by_label("Reason").fill("invoice <7>")
    assert_no_serious_barrier(page)
    dialog.get_by_label("Reason").press("Enter")
    expect(dialog).to_have_count(0)
    expect(row).to_contain_text("3.5")
    with httpx.Client(base_url=stack.platform_url, headers={"X-API-Key": key}) as mira:
        [grant, _] = mira.get("/api/credits").json()["data"]
        assert (grant["kind"], grant["change"], grant["note"]) == ("grant", 2.5, "invoice <7>")
        row.get_by_role("button", name=re.compile("^Block")).press("Enter")
        page.get_by_role("dialog", name="Block mira?").get_by_role("button", name="Block").press("Enter")
        expect(row).to_contain_text("Blocked")
        assert mira.get("/api/me").status_code == 401
    page.set_viewport_size(PHONE)
    assert fits_sideways(page)
    row.get_by_role("button", name=re.compile("^Unblock")).press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Unblock").press("Enter")
    expect(page.get_by_text("mira can sign in again.").first).to_be_attached()
    expect(page.get_by_role("row").filter(has_text="demo")).to_have_count(0)
