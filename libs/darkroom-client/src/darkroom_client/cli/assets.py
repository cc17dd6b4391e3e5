"""Commands for images, videos and other outputs: assets, assets show, download, delete."""

from typing import Annotated

import typer

from darkroom_client.calls.assets import AssetsWhere
from darkroom_client.cli.connection import TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP
from darkroom_client.cli.folders import DEFAULT_OUTPUT, OutputOption, make_writable
from darkroom_client.cli.output import Columns, JsonOption, show_list, show_one
from darkroom_client.models.assets import Asset
from darkroom_client.saving import asset_file_name

AssetIds = Annotated[list[str], typer.Argument(metavar="ASSET", help="Ids of assets.")]
COLUMNS: Columns[Asset] = {
    "asset": lambda asset: asset.id,
    "type": lambda asset: asset.job_type,
    "kind": lambda asset: asset.mime_type,
    "bytes": lambda asset: asset.size_bytes,
    "seed": lambda asset: asset.seed,
    "job": lambda asset: asset.job_id,
    "created": lambda asset: asset.created_at,
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="List, show, download and delete the outputs of jobs.", epilog=HELP, no_args_is_help=True)
    group.command("list", epilog=HELP)(list_assets)
    group.command(epilog=HELP)(show)
    group.command(epilog=HELP)(download)
    group.command(epilog=HELP)(delete)
    app.add_typer(group, name="assets")


def list_assets(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    every: Annotated[bool, typer.Option("--all", help="List all of them.")] = False,
    job_id: Annotated[str | None, typer.Option("--job", help="Only those of this job.")] = None,
    job_type: Annotated[str | None, typer.Option("--type", "-t", help="Only those of this job type.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only those of this MIME type, such as image/png or video/*.")
    ] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """List assets, newest first, or those of one job in order.

    In a pipe: id, job type, MIME type, bytes, seed, job, time.
    """
    where: AssetsWhere = {"job_id": job_id, "job_type": job_type, "mime_type": kind}
    with connect(url, token) as client:
        found = client.assets.all(**where) if every else client.assets.list(limit=limit, **where).items
        show_list(found, COLUMNS, as_json=as_json, nothing="There are no assets.")


def show(
    asset_id: Annotated[str, typer.Argument(metavar="ASSET", help="Id of an asset.")],
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Show an asset. With --json, its recipe is included."""
    with connect(url, token) as client:
        asset = client.assets.get(asset_id)
    members = {**{name: value(asset) for name, value in COLUMNS.items()}, "sha256": asset.sha256, "url": asset.url}
    show_one(members, as_json=as_json, item=asset)


def download(
    asset_ids: AssetIds, output: OutputOption = DEFAULT_OUTPUT, url: UrlOption = None, token: TokenOption = None
) -> None:
    """Download assets and print the paths of the files."""
    make_writable(output)
    with connect(url, token) as client:
        for asset_id in asset_ids:
            asset = client.assets.get(asset_id)
            typer.echo(str(client.assets.download(asset, output / asset_file_name(asset))))


def delete(asset_ids: AssetIds, url: UrlOption = None, token: TokenOption = None) -> None:
    """Delete assets permanently."""
    with connect(url, token) as client:
        for asset_id in asset_ids:
            client.assets.delete(asset_id)
            typer.echo(f"asset {asset_id} is deleted")
