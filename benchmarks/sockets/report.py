"""The page of a run."""

from collections.abc import Sequence
from pathlib import Path

from measures import Found
from support.benchmark_page import dated, table, verdict

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks" / "sockets.md"
_INTRODUCTION = """# The event WebSocket beside ws and socket.io

`make bench-sockets BENCH=--write` measures all of this and writes this page.

- Every client receives every event. queue-api reads them from the event log in Redis, and checks for each client what
  it may see and wants; the peers send what is published on a Redis channel, and check nothing. Messages have the same
  length, without compression.
- The processor time is that of the server's process. Clients, servers and Redis share the cores.
- Delays are measured at one event a second for all clients.
- A job group has 100 children that a worker completes at once; single jobs are as many requests of their own.
"""


def page(found: Sequence[Found], group_cost: float) -> str:
    """Return the page as Markdown. The first server is ours, the second `ws`; `group_cost` is over single jobs."""
    sizes = list(found[0].cpu_us)
    heads = ("server", *(f"CPU µs a frame, {size:,} clients" for size in sizes), "frames a second", "kB a client",
             "p99 ms")  # fmt: skip
    rows = [
        (one.name, *(f"{one.cpu_us[size]:.1f}" for size in sizes), f"{one.rate:,.0f}",
         f"{one.connection_bytes / 1000:.0f}", f"{one.p99_ms:.1f}")
        for one in found
    ]  # fmt: skip
    return "\n".join([
        _INTRODUCTION,
        dated(),
        "",
        *table(heads, rows),
        "",
        *table(("target", "wanted", "measured", "met"), list(_targets(found[0], found[1], group_cost))),
        "",
    ])  # fmt: skip


def _targets(ours: Found, ws: Found, group_cost: float) -> Sequence[Sequence[str]]:
    rows = [
        (f"CPU a frame at {size:,} clients, against ws", "≤ 1.2x", f"{us / ws.cpu_us[size]:.2f}x",
         verdict(us <= 1.2 * ws.cpu_us[size]))
        for size, us in ours.cpu_us.items()
    ]  # fmt: skip
    rows += [
        ("frames a second", "≥ 20,000", f"{ours.rate:,.0f}", verdict(ours.rate >= 20_000)),
        (
            "memory a client",
            "≤ 60 kB",
            f"{ours.connection_bytes / 1000:.0f} kB",
            verdict(ours.connection_bytes <= 60e3),
        ),
        ("p99 at one event a second", "≤ 50 ms", f"{ours.p99_ms:.1f} ms", verdict(ours.p99_ms <= 50)),
    ]
    if ours.stalled_ratio is not None:
        rows.append(("p99 of the others beside one that does not read", "< 2x", f"{ours.stalled_ratio:.2f}x",
                     verdict(ours.stalled_ratio < 2)))  # fmt: skip
    if ours.resumed_s is not None:
        rows.append(("as many clients come back at once within", "≤ 3 s", f"{ours.resumed_s:.2f} s",
                     verdict(ours.resumed_s <= 3)))  # fmt: skip
    rows.append(("processor time of Redis for a job group, against single jobs", "≤ 1.2x", f"{group_cost:.2f}x",
                 verdict(group_cost <= 1.2)))  # fmt: skip
    return rows
