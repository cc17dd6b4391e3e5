"""Commands for jobs that return at once: jobs, cancel, retry, why."""

from typing import Annotated

import typer

from darkroom_client.calls.jobs import JobsWhere
from darkroom_client.cli.connection import TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP
from darkroom_client.cli.output import Columns, JsonOption, number, show_list, show_one
from darkroom_client.models.jobs import Job, Why

JobIds = Annotated[list[str], typer.Argument(metavar="JOB", help="Ids of jobs.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of a job.")]
COLUMNS: Columns[Job] = {
    "job": lambda job: job.id,
    "type": lambda job: job.job_type,
    "status": lambda job: job.status.value,
    "%": lambda job: None if job.progress is None else round(job.progress),
    "created": lambda job: job.created_at,
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("jobs", epilog=HELP)(list_jobs)
    app.command(epilog=HELP)(cancel)
    app.command(epilog=HELP)(retry)
    app.command(epilog=HELP)(why)


def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    every: Annotated[bool, typer.Option("--all", help="List all of them.")] = False,
    status: Annotated[
        list[str] | None, typer.Option(help="Only jobs with this status, such as running or failed. May be repeated.")
    ] = None,
    job_type: Annotated[str | None, typer.Option("--type", "-t", help="Only jobs of this type.")] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """List jobs, newest first. In a pipe: id, type, status, percent, time."""
    where: JobsWhere = {"status": status or (), "job_type": job_type}
    with connect(url, token) as client:
        found = client.jobs.all(**where) if every else client.jobs.list(limit=limit, **where).items
        show_list(found, COLUMNS, as_json=as_json, nothing="There are no jobs.")


def cancel(job_ids: JobIds, url: UrlOption = None, token: TokenOption = None) -> None:
    """Cancel jobs. Undelivered outputs are refunded."""
    with connect(url, token) as client:
        for job_id in job_ids:
            client.jobs.cancel(job_id)
            typer.echo(f"job {job_id} is cancelled")


def retry(job_ids: JobIds, url: UrlOption = None, token: TokenOption = None) -> None:
    """Run failed or cancelled jobs again. Delivered outputs stay paid."""
    with connect(url, token) as client:
        for job_id in job_ids:
            attempt = client.jobs.retry(job_id)
            typer.echo(f"job {job_id} is retried (attempt {attempt}): `darkroom watch {job_id}` follows it")


def why(job_id: JobId, as_json: JsonOption = False, url: UrlOption = None, token: TokenOption = None) -> None:
    """Explain why a job waits, and estimate when it starts."""
    with connect(url, token) as client:
        found = client.jobs.why(job_id)
    show_one(_explanation(found), as_json=as_json, item=found)


def _explanation(found: Why) -> dict[str, object]:
    first = found.steps[0] if found.steps else None
    starts = first.starts_in if first else None
    return {
        "status": found.status,
        "reason": found.reason,
        "message": found.message,
        "position": first.position if first else None,
        "matching workers": first.matching_workers if first else None,
        "missing": (first.missing or None) if first else None,
        "starts in": f"{number(starts.min_s)} to {number(starts.max_s)} s" if starts else None,
        "due": first.due_at if first else None,
        "avoids worker": first.avoids_worker if first else None,
        "until": first.avoids_until if first else None,
    }
