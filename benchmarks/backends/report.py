"""The page of a run."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from jobs import Kind
from support.benchmark_page import dated, table, verdict
from watch import BACKENDS, Lost, Many

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks" / "backends.md"
_INTRODUCTION = """# Jobs on ComfyUI, through Darkroom and straight

`make bench-backends BENCH=--write` measures all of this and writes this page.

- A job straight to ComfyUI is a POST of the prompt, the wait for its entry in `/history`, and the download of its
  picture. A job through Darkroom is its submission to the queue, the worker's claim, the prompt on the same server with
  progress and previews, and the picture with its thumbnail and recipe in the object store (a folder). Both sides look
  every 4 ms whether it is done, and take turns.
- The server is a real ComfyUI on the CPU with a tiny checkpoint, on the same cores.
- The idle worker has eight back ends, which are one server under eight names.
"""


def page(kinds: Sequence[Kind], many: Many, lost: Lost) -> str:
    """Return the page as Markdown."""
    jobs = [_row(kind) for kind in kinds]
    watched = [
        (f"memory of a worker with {BACKENDS} back ends", f"{many.memory_bytes / 1e6:.0f} MB", "≤ 120 MB",
         verdict(many.memory_bytes <= 120e6)),
        ("its CPU time while idle", f"{100 * many.core:.1f} % of a core", "≤ 5 %", verdict(many.core <= 0.05)),
        ("a dead server is out of the registry after", f"{lost.out_s:.1f} s", "≤ 15 s", verdict(lost.out_s <= 15)),
        ("and back after it answers again", f"{lost.back_s:.1f} s", "≤ 5 s", verdict(lost.back_s <= 5)),
    ]  # fmt: skip
    heads = ("job", "jobs", "straight, ms", "through Darkroom, ms", "overhead", "wanted", "met")
    return "\n".join([
        _INTRODUCTION,
        dated(),
        "",
        *table(heads, jobs),
        "",
        *table(("", "measured", "wanted", "met"), watched),
        "",
    ])  # fmt: skip


def _row(kind: Kind) -> Sequence[str]:
    straight, through = median(kind.straight), median(kind.through)
    share = kind.overhead_s / straight
    met = kind.overhead_s <= 0.06 and (straight < 0.5 or share <= 0.05)
    wanted = "≤ 60 ms" if straight < 0.5 else "≤ 60 ms, ≤ 5 %"
    overhead = f"{1000 * kind.overhead_s:.0f} ms ({100 * share:.1f} %)"
    times = (f"{1000 * straight:.0f}", f"{1000 * through:.0f}")
    return kind.name, str(len(kind.straight)), *times, overhead, wanted, verdict(met)
