"""What is measured in the browser."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import psycopg
import web_ui
from darkroom_local.state import StateDir
from darkroom_schemas.ids import AssetId
from flow import flowing
from playwright.sync_api import Browser, BrowserContext, StorageState
from support.browser import DESKTOP, sign_in
from support.many_assets import add_assets
from support.pages import heap_bytes, settled
from support.pictures import make_pictures

PAINTS, ASSETS, EVENTS_PER_S = 7, 50_000, 1_000
INTERACTIONS, PAUSE_MS = 60, 150
SCROLL_S = 4.0
SHARE = 0.95
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
_SCROLL = """
async (seconds) => {
    const frames = [];
    let most = 0, before = await new Promise(requestAnimationFrame);
    for (const end = before + seconds * 1000; before < end;) {
        scrollBy(0, 60);
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - before);
        most = Math.max(most, document.querySelectorAll(".window *").length);
        before = now;
    }
    return [frames, most];
}
"""
_OBSERVE = """
    window.took = new Map();
    new PerformanceObserver((list) => {
        for (const { interactionId: id, duration } of list.getEntries()) {
            if (id) took.set(id, Math.max(duration, took.get(id) ?? 0));
        }
    }).observe({ type: "event", durationThreshold: 16, buffered: true });
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Milliseconds, bytes and numbers of elements. `heap` is in use after one minute of events, and at the end."""

    first_paint_ms: float
    first_page_bytes: int
    all_bytes: int
    frame_ms: float
    most_nodes: int
    interaction_ms: float
    events_per_s: float
    minutes: float
    heap: tuple[int, int]


def measure(browser: Browser, state: StateDir, minutes: float) -> Found:
    """Measure everything on a stack that runs."""
    session = _session(browser, state)
    paints, scripts = zip(*(_first_paint(browser, state, session) for _ in range(PAINTS)), strict=True)
    frames, most_nodes = _scroll_library(browser, state)
    interactions, rate, heap = _with_events(browser, state, minutes)
    return Found(
        first_paint_ms=median(paints),
        first_page_bytes=_compressed(scripts[0]),
        all_bytes=_compressed([str(file) for file in _static().rglob("*.js")]),
        frame_ms=_at(frames, SHARE),
        most_nodes=most_nodes,
        interaction_ms=_at(interactions, SHARE),
        events_per_s=rate,
        minutes=minutes,
        heap=heap,
    )


def _session(browser: Browser, state: StateDir) -> StorageState:
    """Sign in, and return the cookies of the session."""
    context = _opened(browser, state)
    sign_in(context, state)
    session = context.storage_state()
    context.close()
    return session


def _opened(browser: Browser, state: StateDir, session: StorageState | None = None) -> BrowserContext:
    return browser.new_context(base_url=state.running().platform_url, viewport=DESKTOP, storage_state=session)


def _first_paint(browser: Browser, state: StateDir, session: StorageState) -> tuple[float, Sequence[str]]:
    """Open the studio in a browser that has cached nothing yet; return when it painted, and its scripts."""
    context = _opened(browser, state, session)
    page, scripts = context.new_page(), list[str]()
    page.on("response", lambda answer: scripts.append(urlsplit(answer.url).path))
    page.goto("/studio")
    page.locator("#prompt").wait_for()
    page.wait_for_function(_PAINT)
    paint = float(page.evaluate(_PAINT))
    context.close()
    return paint, [str(_static() / path.lstrip("/")) for path in scripts if path.endswith(".js")]


def _static() -> Path:
    files = web_ui.built_files()
    if files is None:
        raise FileNotFoundError("the pages have not been built")
    return files


def _compressed(files: Sequence[str]) -> int:
    """Return the size of scripts as gzip transfers them."""
    return sum(Path(f"{file}.gz").stat().st_size for file in set(files))


def _scroll_library(browser: Browser, state: StateDir) -> tuple[Sequence[float], int]:
    """Scroll through the library, 60 pixels a frame; return the milliseconds of each frame, and the most elements."""
    [one, *_] = make_pictures(state, "a mushroom, many times")
    with psycopg.connect(state.running().operator_settings["PLATFORM_DATABASE_URL"], autocommit=True) as connection:
        add_assets(connection, AssetId(one), ASSETS)
    context = _opened(browser, state)
    page = sign_in(context, state)
    settled(page, "/library?type=upload")
    page.evaluate(_SCROLL, 1.0)
    frames, most = page.evaluate(_SCROLL, SCROLL_S)
    context.close()
    return frames, int(most)


def _with_events(browser: Browser, state: StateDir, minutes: float) -> tuple[Sequence[float], float, tuple[int, int]]:
    """Use the page of events while these flow; return the delays of interactions, the rate, and the memory in use."""
    context = _opened(browser, state)
    page = sign_in(context, state)
    settled(page, "/console/events")
    with flowing(state.running(), EVENTS_PER_S) as flow:
        page.locator(".event").first.wait_for()
        page.evaluate(_OBSERVE)
        for number in range(INTERACTIONS):
            page.keyboard.press("jk"[number % 2])
            page.wait_for_timeout(PAUSE_MS)
        took = page.evaluate("[...took.values()]")
        time.sleep(min(60.0, minutes * 30))  # the list has its full length
        before = heap_bytes(page)
        time.sleep(minutes * 60)
        heap = before, heap_bytes(page)
        rate = flow.rate
    context.close()
    # Interactions that took less than 16 ms are not reported.
    return [*took, *[16.0] * (INTERACTIONS - len(took))], rate, heap


def _at(values: Sequence[float], share: float) -> float:
    """Return the value that so large a share does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
