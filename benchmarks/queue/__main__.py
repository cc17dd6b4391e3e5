"""`make bench-queue`: the queue engine and its peers, measured side by side in one run."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Annotated

import engine
import faults
import idle
import tables
import throughput
import typer
from programs import BENCH, HERE, OURS, PEERS, PeerSpec
from results import Results
from rich.console import Console
from server import Server
from targets import judge

PARTS = ("throughput", "idle", "engine", "faults")
SHORT_GRID = [(10, 1_000), (1_000, 30_000)]
GRID = [(10, 1_000), (1_000, 300_000)]
FULL_GRID = [(classes, queued) for classes in (1, 100, 1_000) for queued in (1_000, 10_000, 100_000, 1_000_000)]


async def run(peers: list[PeerSpec], parts: set[str], *, quick: bool, full: bool, drain: int,
              tell: Callable[[str], None]) -> tuple[Results, str]:  # fmt: skip
    """Measure the wanted parts of the wanted peers."""
    results, rounds, share = Results(), 1 if quick else 5, 0.25 if quick else 1.0
    async with Server() as server:
        if "throughput" in parts:
            results.throughput = await throughput.measure(server, peers, rounds=rounds, share=share, tell=tell)
        if "idle" in parts:
            results.latency, results.bytes_queued = await idle.measure(
                server, peers, rounds=min(rounds, 3), samples=100, jobs=round(8_000 * share), tell=tell
            )
        if "engine" in parts and OURS in peers:
            grid = SHORT_GRID if quick else [GRID[0], *(FULL_GRID if full else []), GRID[1]]
            results.engine = await engine.measure(server, grid=grid, drain=drain, share=share, tell=tell)
        version = await server.version()
    if "faults" in parts:
        results.notice_s, results.return_s = await faults.measure(peers, tell=tell)
    return results, version


def versions() -> list[str]:
    """Name the peers with their pinned versions."""
    pins = "".join((HERE / name).read_text() for name in ("peers.txt", "peers-arq.txt"))
    known = dict(re.findall(r"^([a-z-]+)==(.+)$", pins, re.MULTILINE))
    bullmq = json.loads((HERE / "package.json").read_text())["dependencies"]["bullmq"]
    names = [peer.name for peer in PEERS if peer.name.lower() in known]
    return [f"BullMQ {bullmq}", *(f"{name} {known[name.lower()]}" for name in names)]


def main(
    only: Annotated[list[str] | None, typer.Option(help="A peer, besides darkroom; or a part. Repeatable.")] = None,
    quick: Annotated[bool, typer.Option(help="One short round, without the faults.")] = False,
    full: Annotated[bool, typer.Option(help="Claims among 1 to 1,000 classes and up to 1,000,000 steps, too.")] = False,
    drain: Annotated[int, typer.Option(help="Steps of the drain after which nothing may have grown.")] = 50_000,
    write: Annotated[bool, typer.Option(help="Write docs/benchmarks/queue.md.")] = False,
) -> None:
    """Measure, print the tables, and say which targets were met."""
    if not (BENCH / ".installed").exists():
        raise typer.BadParameter("the peers are not installed: run benchmarks/queue/setup.sh, or make bench-queue")
    chosen = {name.lower() for name in only or ()}
    parts = chosen & set(PARTS) or set(PARTS) - ({"faults"} if quick else set())
    named = chosen - set(PARTS)
    peers = [peer for peer in PEERS if not named or peer.name.lower() in named or peer is OURS]
    console = Console(width=140)
    with console.status("starting") as status:
        results, version = asyncio.run(run(peers, parts, quick=quick, full=full, drain=drain, tell=status.update))
    shown = list(tables.tables(results, judge(results)))
    console.print(f"{tables.machine()}; {version}")
    tables.show(console, shown)
    if write:
        tables.write(shown, [version, *versions()])


if __name__ == "__main__":
    typer.run(main)
