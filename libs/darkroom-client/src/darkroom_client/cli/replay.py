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
from darkroom_client.comparing import Difference, compare
from darkroom_client.errors import JobFailed
from darkroom_client.models.assets import Asset


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
        same_bytes = asset.sha256 == again.sha256
        difference = None if same_bytes else _compare(client, asset, again)
    members: dict[str, object] = {"result": "same bytes" if same_bytes else _result(difference)}
    if difference is not None:
        members |= {"largest difference": difference.largest, "differing pixels": difference.share}
    members |= {"asset": asset.id, "replayed as": again.id, "job": handle.id}
    show_one(members, as_json=as_json)
    if not same_bytes and (difference is None or not difference.is_negligible):
        raise typer.Exit(Exit.JOB_FAILED)


def _compare(client: Client, asset: Asset, again: Asset) -> Difference | None:
    with TemporaryDirectory() as folder:
        one = client.assets.download(asset, Path(folder, "one"))
        other = client.assets.download(again, Path(folder, "other"))
        return compare(one, other, asset.mime_type)


def _result(difference: Difference | None) -> str:
    """Return the result of a comparison of pixels in words."""
    if difference is None:
        return "different sizes"
    if not difference.is_negligible:
        return "different"
    return f"within {difference.largest}/255" if difference.largest else "same pixels"
