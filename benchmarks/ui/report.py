"""The page of a run."""

from pathlib import Path

from measures import ASSETS, EVENTS_PER_S, INTERACTIONS, PAINTS, Found
from support.benchmark_page import dated, table, verdict

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks" / "ui.md"
MOST_GROWTH = 1.1
_INTRODUCTION = f"""# The web UI in a browser

`make bench-ui BENCH=--write` measures all of this and writes this page.

- A headless Chromium, without a GPU, on a stack of one process for each service; all of them share the cores.
- First paint: the first contentful paint of the studio, of a signed-in person whose browser has cached nothing; the
  median of {PAINTS}.
- Frames: the library of {ASSETS:,} pictures, scrolled by 60 pixels a frame.
- Interactions: {INTERACTIONS} key presses on the console's page of events, while {EVENTS_PER_S:,} events a second are
  appended to the log; the time from the key to the next paint, by the browser's Event Timing.
- Memory: what the page's JavaScript has in use after garbage collection, while the same events go on.
"""


def page(found: Found) -> str:
    """Return the page as Markdown."""
    before, after = found.heap
    rows = [
        ("first paint", "< 1 s", f"{found.first_paint_ms:.0f} ms", verdict(found.first_paint_ms < 1000)),
        _size("JavaScript of the first page", found.first_page_bytes, 130_000),
        _size("JavaScript of all pages", found.all_bytes, 350_000),
        ("elements of the library's list, at most", "≤ 400", str(found.most_nodes), verdict(found.most_nodes <= 400)),
        ("p95 of frames", "≤ 34 ms", f"{found.frame_ms:.0f} ms", verdict(found.frame_ms <= 34)),
        ("p95 of interactions", "≤ 100 ms", f"{found.interaction_ms:.0f} ms", verdict(found.interaction_ms <= 100)),
        (
            f"memory after {found.minutes:g} more minutes of {found.events_per_s:,.0f} events a second",
            "flat",
            f"{after / 1e6:.1f} MB, before {before / 1e6:.1f} MB",
            verdict(after <= before * MOST_GROWTH),
        ),
    ]
    return "\n".join([_INTRODUCTION, dated(), "", *table(("", "wanted", "measured", "met"), rows), ""])


def _size(name: str, size: int, most: int) -> tuple[str, str, str, str]:
    return name, f"≤ {most // 1000} kB gzip", f"{size / 1000:.0f} kB", verdict(size <= most)
