"""Runs the demonstration's jobs on a stack and tells what happened."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from darkroom_client.cli.saving import save
from darkroom_client.cli.watching import watch_to_end
from darkroom_client.client import Client
from darkroom_client.models import Job, JobState
from darkroom_schemas.catalogue import CATALOGUE
from rich.console import Console
from rich.table import Table

from darkroom_local.demo.inspection import Finding, inspect
from darkroom_local.errors import StackError


@dataclass(frozen=True)
class Order:
    """One job of the demonstration."""

    job_type: str
    prompt: str


ORDERS = (
    Order("sdxl_image_fast", "a lighthouse at dawn, oil painting"),
    Order("video_fast", "waves rolling onto a beach"),
    Order("image7b_fast_enhanced", "a cat on a windowsill"),
)


class JobFailed(StackError):
    """A job of the demonstration failed."""


@dataclass(frozen=True)
class Result:
    """A finished job with its opened files; seconds until it started, while it ran, and to save it."""

    order: Order
    job: Job
    findings: Sequence[Finding]
    waited_s: float
    ran_s: float
    saved_s: float


def run_orders(client: Client, output: Path, console: Console) -> list[Result]:
    """Run all orders, one after the other."""
    return [_run(client, order, output, console) for order in ORDERS]


def _run(client: Client, order: Order, output: Path, console: Console) -> Result:
    console.print(f"\n[bold]{order.job_type}[/bold]: {order.prompt}")
    job = watch_to_end(client, client.submit(order.job_type, order.prompt), console)
    if job.status is not JobState.COMPLETED:
        raise JobFailed(f"{order.job_type} failed: {job.error_message or 'no reason was given'} (job {job.id}).")
    started = time.monotonic()
    files = save(client, job, output)
    saved_s = time.monotonic() - started
    findings = inspect(job, CATALOGUE[order.job_type], files)
    return Result(
        order,
        job,
        findings,
        _seconds(job.created_at, job.started_at),
        _seconds(job.started_at, job.completed_at),
        saved_s,
    )


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() if start and end else 0.0


def tell(results: Sequence[Result], started_s: float | None, console: Console) -> None:
    """Print where the files are, what was found in them, and how long each stage took."""
    for result in results:
        console.print(f"\n[bold]{result.order.job_type}[/bold] (job {result.job.id})")
        if result.job.enhanced_prompt:
            console.print(f"  prompt enhanced to: {result.job.enhanced_prompt}", markup=False)
        for finding in result.findings:
            console.print(f"  {finding.file}\n    {finding.description}", markup=False, soft_wrap=True)
    table = Table("stage", "waited", "ran", "saved", title="Seconds", title_justify="left")
    if started_s is not None:
        table.add_row("start of the stack", "", f"{started_s:.1f}", "")
    for result in results:
        seconds = (f"{part:.1f}" for part in (result.waited_s, result.ran_s, result.saved_s))
        table.add_row(result.order.job_type, *seconds)
    console.print()
    console.print(table)
