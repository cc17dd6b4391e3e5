"""What must hold for every page of the web UI."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

SERIOUS = {"serious", "critical"}


def settled(page: Page, path: str) -> None:
    """Open a page and wait until everything in the window is there."""
    page.goto(path)
    page.locator("main").wait_for()
    expect(page.locator("[aria-busy=true], .skel")).to_have_count(0)
    expect(page.locator("h1").first).to_be_attached()
    unseen = "!it.checkVisibility() || it.getBoundingClientRect().top > innerHeight"
    loaded = f"(images) => images.every((it) => it.complete || {unseen})"
    for _ in range(100):
        if page.locator("main img").evaluate_all(loaded):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"pictures of {path} were not loaded")


def assert_no_serious_barrier(page: Page) -> None:
    """Check the page with axe, for people who use it with a screen reader or a keyboard."""
    found = Axe().run(page).response["violations"]
    assert {one["id"]: one["nodes"][0]["html"][:200] for one in found if one["impact"] in SERIOUS} == {}, page.url


def fits_sideways(page: Page) -> bool:
    """Return whether the page is no wider than its window."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return bool(wide <= window)


def heap_bytes(page: Page) -> int:
    """Return what the page's JavaScript has in use after garbage collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    session.detach()
    return int(next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize"))
