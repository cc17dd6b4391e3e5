"""Runs the demo's jobs on a stack, and prints their files and how long each stage took."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from darkroom_client.cli.terminal import printable
from darkroom_client.cli.watching import watch_to_end
from darkroom_client.client import Client
from darkroom_client.models import Job, JobState
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.ids import JobId, step_id
from darkroom_schemas.step import StepResult
from rich.console import Console
from rich.table import Table

from darkroom_local.demo.inspection import Finding, inspect
from darkroom_local.errors import StackError

FIRST_RUN = 1


@dataclass(frozen=True)
class Order:
    """One job of the demo."""

    job_type: str
    prompt: str


ORDERS = (
    Order("sdxl_image_fast", "a lighthouse at dawn, oil painting"),
    Order("video_fast", "waves rolling onto a beach"),
    Order("image7b_fast_enhanced", "a cat on a windowsill"),
)


class JobFailed(StackError):
    """A job of the demo failed."""


@dataclass(frozen=True)
class Result:
    """A completed job with its checked files. `total_s` includes saving the files; the worker measured `stages_s`."""

    order: Order
    job: Job
    findings: Sequence[Finding]
    total_s: float
    stages_s: Mapping[str, float]


def run_orders(client: Client, queue: httpx.Client, output: Path, console: Console) -> list[Result]:
    """Run all orders, one after another; raises JobFailed or WrongResult."""
    return [_run(client, queue, order, output, console) for order in ORDERS]


def _run(client: Client, queue: httpx.Client, order: Order, output: Path, console: Console) -> Result:
    console.print(f"\n[bold]{order.job_type}[/bold]: {order.prompt}")
    began = time.monotonic()
    handle = client.submit(order.job_type, order.prompt)
    job = watch_to_end(handle, console)
    if job.status is not JobState.COMPLETED:
        raise JobFailed(f"{order.job_type} failed: {job.error_message or 'no reason was given'} (job {job.id}).")
    files = handle.save(output)
    total_s = time.monotonic() - began
    findings = inspect(job, CATALOGUE[order.job_type], files)
    if job.enhanced_prompt:
        console.print(f"  prompt enhanced to: {printable(job.enhanced_prompt)}", markup=False, highlight=False)
    for finding in findings:
        console.print(f"  {finding.file}: {finding.description}", markup=False, highlight=False, soft_wrap=True)
    return Result(order, job, findings, total_s, stage_times(job, queue))


def stage_times(job: Job, queue: httpx.Client) -> dict[str, float]:
    """Return the seconds of each stage that the worker measured, over all steps of the job in their order."""
    seconds: dict[str, float] = {}
    for number in range(2 if CATALOGUE[job.job_type].enhanced else 1):
        answer = queue.get(f"/jobs/{step_id(JobId(job.id), FIRST_RUN, number)}").raise_for_status()
        result = StepResult.model_validate(answer.json()["result"])
        for stage, stage_s in result.timings_s.items():
            seconds[stage] = seconds.get(stage, 0.0) + stage_s
    return seconds


def print_times(results: Sequence[Result], started_s: float | None, console: Console) -> None:
    """Print how long the start, each job and its stages took."""
    table = Table("job", "seconds", "of which the worker's stages", title="How long it took", title_justify="left")
    if started_s is not None:
        table.add_row("start of the stack", f"{started_s:.1f}", "")
    for result in results:
        stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in result.stages_s.items())
        table.add_row(result.order.job_type, f"{result.total_s:.1f}", stages)
    console.print()
    console.print(table)
