"""Every page: safe with hostile text, usable with a screen reader, in both themes, and on a phone."""

import re
from collections.abc import Iterator

import httpx
import pytest
from darkroom_local.state import RunningStack, StateDir
from playwright.sync_api import Page, expect
from support.browser import PHONE, OpenPages, sign_in
from support.pages import assert_no_serious_barrier, fits_sideways, settled

pytestmark = pytest.mark.e2e
HOSTILE = "<img src=x onerror=\"document.title='taken over'\"><script>document.title='taken over'</script>{{7*7}}"
VARIABLE = {"name": HOSTILE, "template_mapping": "prompt", "is_customizable": True}


@pytest.fixture(scope="module")
def job_id(stack_state: StateDir) -> Iterator[str]:
    """Make a job with a hostile prompt, wait for its pictures, and make a collection with hostile texts."""
    stack = stack_state.running()
    with httpx.Client(base_url=stack.platform_url, headers={"X-API-Key": stack.api_key}, timeout=120) as http:
        body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": HOSTILE, "negative_prompt": HOSTILE}}
        made = str(http.post("/api/queue-job", json=body).json()["job"]["id"])
        with http.stream("GET", f"/api/jobs/{made}/stream") as events:
            events.read()
        hostile = {"title": HOSTILE, "workflow": "sdxl_image", "variables": [VARIABLE]}
        collection = http.post("/api/collections", json=hostile).json()["data"]["id"]
        yield made
        http.delete(f"/api/collections/{collection}")


def paths(stack: RunningStack, job_id: str) -> list[str]:
    with httpx.Client(base_url=stack.platform_url, headers={"X-API-Key": stack.api_key}) as http:
        one, other, *_ = (asset["id"] for asset in http.get("/api/assets", params={"job_id": job_id}).json()["assets"])
        [collection] = [item["id"] for item in http.get("/api/collections").json()["data"] if item["title"] == HOSTILE]
    return [
        "/studio",
        f"/studio/picture/{one}",
        f"/studio/compare/{one}/{other}",
        f"/studio/jobs/{job_id}",
        "/library",
        "/studio/workflows",
        "/studio/workflows/image_and_video",
        f"/studio/workflows/collections/{collection}",
        "/credits",
        "/keys",
    ]


def test_hostile_text_is_shown_as_text(signed_in: Page, stack: RunningStack, job_id: str) -> None:
    for path in paths(stack, job_id):
        settled(signed_in, path)
        assert signed_in.title() != "taken over"
        assert signed_in.locator("main script, main img[src='x']").count() == 0
    settled(signed_in, f"/studio/jobs/{job_id}")
    expect(signed_in.get_by_text(HOSTILE).first).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_has_a_serious_barrier(
    open_pages: OpenPages, stack_state: StateDir, stack: RunningStack, job_id: str, theme: str
) -> None:
    page = sign_in(open_pages(theme=theme, reduced_motion="reduce"), stack_state)
    for path in paths(stack, job_id):
        settled(page, path)
        assert_no_serious_barrier(page)


@pytest.mark.parametrize("language", ["en-US", "de-DE"])
def test_no_page_scrolls_sideways_on_a_phone(
    open_pages: OpenPages, stack_state: StateDir, stack: RunningStack, job_id: str, language: str
) -> None:
    page = sign_in(open_pages(language=language, viewport=PHONE, has_touch=True), stack_state)
    for path in paths(stack, job_id):
        settled(page, path)
        assert fits_sideways(page), path


def test_pictures_are_deleted_with_a_way_back(signed_in: Page, job_id: str) -> None:
    page = signed_in
    settled(page, "/library")
    tiles = page.locator(".gridrow [data-asset]")
    newest = str(tiles.first.get_attribute("data-asset"))
    page.locator(".gridrow .pick").first.click()
    page.get_by_role("button", name="Delete 1").click()
    expect(page.locator(f"[data-asset='{newest}']")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f"[data-asset='{newest}']")).to_have_count(1)
    page.locator(".gridrow .pick").first.click()
    page.keyboard.press("Delete")
    with page.expect_response(re.compile(f"/api/assets/{newest}$")) as answer:
        expect(page.get_by_text("1 picture was deleted.").last).to_be_visible()
    assert answer.value.request.method == "DELETE"
    expect(page.locator(f"[data-asset='{newest}']")).to_have_count(0)


def test_the_language_is_a_choice(signed_in: Page) -> None:
    signed_in.get_by_role("button", name=re.compile("^Account of")).click()
    signed_in.get_by_role("menuitemradio", name="Deutsch").click()
    expect(signed_in.get_by_role("button", name=re.compile("erzeugen"))).to_be_visible()
    assert signed_in.evaluate("document.documentElement.lang") == "de"
