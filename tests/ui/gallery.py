"""Pictures of every page, in both themes and three widths, for people who judge the look: `make ui-shots`.

Not collected by a test run, which looks for `test_*.py`.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from darkroom_local.state import RunningStack, StateDir
from playwright.sync_api import Page, expect
from support.browser import PHONE, OpenPages, sign_in
from support.pictures import make_pictures

FOLDER = Path(__file__).parents[2] / "docs" / "pictures" / "ui"
WIDTHS: dict[str, Any] = {
    "360": PHONE,
    "1280": {"width": 1280, "height": 800},
    "2560": {"width": 2560, "height": 1440},
}
CONSOLE = ("queues", "fleet", "jobs", "groups", "events", "webhooks", "users", "dead-letters")
PROMPT = "A lighthouse by the sea at dawn, flat illustration"
EARLIER = (
    "A red boat on the sea at night",
    "Three mushrooms in the forest",
    "A palm tree on the beach at sunset",
    "A watercolor of a yellow flower in a field",
    "A green hot air balloon over the desert at dawn",
)


@pytest.fixture(scope="module")
def library(stack_state: StateDir) -> None:
    for prompt in EARLIER:
        make_pictures(stack_state, prompt)


def photograph(page: Page, name: str) -> None:
    """Save a picture of the window when everything in it is there."""
    expect(page.locator("[aria-busy=true], .skel")).to_have_count(0)
    page.wait_for_timeout(400)  # transitions of 200 ms
    page.screenshot(path=FOLDER / f"{name}.jpg", type="jpeg", quality=90)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", WIDTHS)
def test_gallery(open_pages: OpenPages, stack_state: StateDir, stack: RunningStack, theme: str, width: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    suffix = f"{theme}-{width}"
    context = open_pages(theme=theme, viewport=WIDTHS[width], reduced_motion="reduce")
    page = context.new_page()
    page.goto("/")
    page.get_by_role("heading", name="Sign in").wait_for()
    photograph(page, f"sign-in-{suffix}")
    page = sign_in(context, stack_state)
    photograph(page, f"studio-before-{suffix}")
    page.locator("#prompt").fill(PROMPT)
    page.get_by_role("button", name=re.compile("^Generate")).click()
    page.get_by_role("heading", name=PROMPT).wait_for()
    photograph(page, f"studio-developing-{suffix}")
    pictures = page.get_by_role("link", name=re.compile(f"^Open [1-6]: {PROMPT}"))
    expect(pictures).to_have_count(6, timeout=120_000)
    photograph(page, f"studio-{suffix}")
    pictures.nth(1).press("Enter")  # on a phone, fixed bars cover what is scrolled to
    page.locator(".print img").wait_for()
    photograph(page, f"viewer-{suffix}")
    page.keyboard.press("c")
    page.locator("[data-verdict]").wait_for()
    photograph(page, f"compare-{suffix}")
    page.keyboard.press("3")
    photograph(page, f"compare-differences-{suffix}")
    page.keyboard.press("Escape")
    page.locator(".print img").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Details of this job").press("Enter")
    page.locator(".gantt").wait_for()
    photograph(page, f"job-{suffix}")
    for path in (
        "library",
        "studio/workflows",
        "studio/workflows/enhanced_image",
        "credits",
        "keys",
        "console",
        *(f"console/{one}" for one in CONSOLE),
    ):
        page.goto(f"/{path}")
        page.locator("main").wait_for()
        photograph(page, f"{path.replace('/', '-')}-{suffix}")
    page.goto("/library")
    page.locator(".gridrow .pick").first.press("Enter")
    photograph(page, f"library-selected-{suffix}")
