"""The commands about jobs: generate, jobs, watch, cancel."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from darkroom_client.cli.connection import TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP, Exit
from darkroom_client.cli.saving import save
from darkroom_client.cli.terminal import printable
from darkroom_client.cli.watching import watch_to_end
from darkroom_client.client import Client
from darkroom_client.models import Job, JobState

OutputOption = Annotated[Path, typer.Option("--output", "-o", help="Folder for the files.")]
CountOption = Annotated[int | None, typer.Option("--count", min=0, help="Save only this many files (default: all).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text and bars.")]
DEFAULT_OUTPUT = Path("darkroom-output")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=HELP)(generate)
    app.command("jobs", epilog=HELP)(list_jobs)
    app.command(epilog=HELP)(watch)
    app.command(epilog=HELP)(cancel)


def generate(
    prompt: str,
    job_type: Annotated[str, typer.Option("--type", "-t", help="Job type, such as video_fast.")] = "sdxl_image_fast",
    negative: Annotated[str | None, typer.Option(help="What must not be in the picture (SDXL).")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the first output (default: random).")] = None,
    output: OutputOption = DEFAULT_OUTPUT,
    count: CountOption = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Submit a job, follow it to its end, and save what it made."""
    with connect(url, token) as client:
        job_id = client.submit(job_type, prompt, negative_prompt=negative, seed=seed)
        if not as_json:
            typer.echo(f"job {job_id}")
        _finish(client, job_id, output, count, as_json)


def watch(
    job_id: str,
    output: OutputOption = DEFAULT_OUTPUT,
    count: CountOption = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Follow a job to its end, and save what it made."""
    with connect(url, token) as client:
        _finish(client, job_id, output, count, as_json)


def cancel(job_id: str, url: UrlOption = None, token: TokenOption = None) -> None:
    """Cancel a job."""
    with connect(url, token) as client:
        client.cancel(job_id)
    typer.echo(f"job {job_id} is being cancelled")


def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """List the newest jobs."""
    with connect(url, token) as client:
        found = client.jobs(limit=limit)
    if as_json:
        typer.echo(json.dumps([job.model_dump(mode="json") for job in found], indent=2))
        return
    table = Table(Column("job", no_wrap=True), "type", "status", "%", "created", box=None)
    for job in found:
        progress = "" if job.progress is None else f"{job.progress:.0f}"
        table.add_row(job.id, job.job_type, job.status.value, progress, f"{job.created_at:%m-%d %H:%M}")
    Console().print(table)


def _finish(client: Client, job_id: str, output: Path, count: int | None, as_json: bool) -> None:
    console = Console(stderr=True, quiet=as_json)
    try:
        job = watch_to_end(client, job_id, console)
    except KeyboardInterrupt:
        typer.echo(f"The job goes on: `darkroom watch {job_id}` or `darkroom cancel {job_id}`.", err=True)
        raise
    files = save(client, job, output, limit=count) if job.status is JobState.COMPLETED else []
    if as_json:
        typer.echo(json.dumps(job.model_dump(mode="json") | {"files": [str(file) for file in files]}, indent=2))
    else:
        _report(job, files)
    if job.status is not JobState.COMPLETED:
        raise typer.Exit(Exit.JOB_FAILED)


def _report(job: Job, files: list[Path]) -> None:
    if job.status is not JobState.COMPLETED:
        typer.echo(f"The job failed: {job.error_message or 'no reason was given'}", err=True)
    if job.enhanced_prompt:
        typer.echo(f"enhanced prompt: {printable(job.enhanced_prompt)}")
    for file in files:
        typer.echo(str(file))
