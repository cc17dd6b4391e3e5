"""`darkroom replay`: draws an asset again from its recipe and compares the two."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from darkroom_client.cli.connection import TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP, Exit
from darkroom_client.cli.output import JsonOption, show_one
from darkroom_client.cli.terminal import print_error, printable
from darkroom_client.cli.watching import watch_to_end
from darkroom_client.client import Client
from darkroom_client.comparing import compare
from darkroom_client.errors import JobFailed
from darkroom_client.models.assets import Asset

NEARLY = 1
"""Largest difference of a channel, of 255, between equal pictures of batches of different sizes."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=HELP)(replay)


def replay(
    asset_id: Annotated[str, typer.Argument(metavar="ASSET", help="Id of an asset.")],
    whole_batch: Annotated[
        bool,
        typer.Option(
            "--batch", help="Draw and pay for all pictures of the batch, as the first time: required for equal bytes."
        ),
    ] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Draw an asset again from its recipe, and compare the two: by bytes, then by pixels.

    Ends with 1 if a pixel differs by more than 1/255.
    """
    with connect(url, token) as client:
        asset = client.assets.get(asset_id)
        handle, index = client.assets.replay(asset_id, whole_batch=whole_batch)
        if not as_json:
            typer.echo(f"job {handle.id}")
        for notice in handle.notices:
            print_error(f"  {printable(notice)}")
        job = watch_to_end(handle, Console(stderr=True, quiet=as_json))
        found = [output for output in client.assets.all(job_id=handle.id) if output.index == index]
        if not found:
            raise JobFailed(f"Job {handle.id} failed: {job.error_message or 'no reason was given'}")
        again = client.assets.get(found[0].id)
        verdict, largest, share = _compare(client, asset, again)
    members = {
        "result": verdict, "largest difference": largest, "differing pixels": share, "asset": asset.id,
        "replayed as": again.id, "job": handle.id,
    }  # fmt: skip
    show_one({name: value for name, value in members.items() if value is not None}, as_json=as_json)
    if (largest is None and verdict != "same bytes") or (largest or 0) > NEARLY:
        raise typer.Exit(Exit.JOB_FAILED)


def _compare(client: Client, asset: Asset, again: Asset) -> tuple[str, int | None, float | None]:
    """Return the result in words, the largest difference and the share of pixels that differ."""
    if asset.sha256 == again.sha256:
        return "same bytes", None, None
    with TemporaryDirectory() as folder:
        one = client.assets.download(asset, Path(folder, "one"))
        other = client.assets.download(again, Path(folder, "other"))
        difference = compare(one, other, asset.mime_type)
    if difference is None:
        return "different sizes", None, None
    words = "same pixels" if difference.largest == 0 else f"within {difference.largest}/255"
    return words if difference.largest <= NEARLY else "different", difference.largest, difference.share
