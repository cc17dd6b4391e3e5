"""`make bench-backends`: jobs on a real ComfyUI, through Darkroom and posted straight to the server."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import jobs
import report
import typer
import watch
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.valkey import EmbeddedValkey
from support.comfyui import HOME, RealComfyUI


def main(
    rounds: Annotated[int, typer.Option(min=3, help="Jobs of each kind.")] = 20,
    write: Annotated[bool, typer.Option(help="Write docs/benchmarks/backends.md.")] = False,
) -> None:
    """Measure, print the tables, and say which targets were met."""
    if not HOME.exists():
        raise typer.BadParameter("there is no ComfyUI: make install-comfyui")
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        asyncio.run(_measure(Path(folder), rounds, write=write))


async def _measure(folder: Path, rounds: int, *, write: bool) -> None:
    server = RealComfyUI(folder / "comfyui")
    valkey = EmbeddedValkey(folder / "valkey", free_ports(1)[0])
    with running(valkey.prepare(), folder / "valkey.log"):
        await server.start()
        try:
            # A database for each part, so that killed workers of one are not in the registry of the next.
            one, two, three = (f"{valkey.url.removesuffix('0')}{number}" for number in range(3))
            kinds = await jobs.measure(server, one, folder, rounds)
            many = await watch.many(server, two, folder)
            lost = await watch.lost(server, three, folder)
        finally:
            await server.kill()
    text = report.page(kinds, many, lost)
    print(text)
    if write:
        report.DOCUMENT.write_text(text)


if __name__ == "__main__":
    typer.run(main)
