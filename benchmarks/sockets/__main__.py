"""`make bench-sockets`: the fan-out of queue-api's event WebSocket beside Node's `ws` and socket.io."""

import asyncio
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import report
import typer
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.valkey import EmbeddedValkey
from groups import measure_groups
from measures import Found, measure
from rich.console import Console
from rich.markdown import Markdown
from servers import CONTENDERS, INSTALLED


async def run(redis_url: str, folder: Path, *, quick: bool, note: Callable[[str], None]) -> tuple[list[Found], float]:
    """Measure one server after the other, and then the cost of job groups."""
    crowds, events = ((200,), 50) if quick else ((1_000, 5_000), 100)
    found = [await measure(kind, redis_url, folder, crowds=crowds, events=events, note=note) for kind in CONTENDERS]
    note("job groups")
    return found, await measure_groups(redis_url, folder)


def main(
    quick: Annotated[bool, typer.Option(help="Two hundred connections, and few events.")] = False,
    write: Annotated[bool, typer.Option(help="Write docs/benchmarks/sockets.md.")] = False,
) -> None:
    """Measure, print the table, and say which targets were met."""
    if not (INSTALLED / ".installed").exists():
        raise typer.BadParameter("the peers are not installed: run benchmarks/sockets/setup.sh, or make bench-sockets")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    console = Console(width=130)
    with console.status("starting") as status, tempfile.TemporaryDirectory(prefix="bench-sockets-") as name:
        folder = Path(name)
        valkey = EmbeddedValkey(folder / "valkey", free_ports(1)[0])
        with running(valkey.prepare(), folder / "valkey.log"):
            found, group_cost = asyncio.run(run(valkey.url, folder, quick=quick, note=status.update))
    text = report.page(found, group_cost)
    console.print(Markdown(text))
    if write:
        report.DOCUMENT.write_text(text)


if __name__ == "__main__":
    typer.run(main)
