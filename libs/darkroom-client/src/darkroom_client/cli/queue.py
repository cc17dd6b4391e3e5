"""The commands `queue …`: operate queues, workers and failed jobs."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from darkroom_client.cli.exits import HELP
from darkroom_client.cli.output import Columns, JsonOption, show_json, show_list, show_one
from darkroom_client.cli.terminal import print_error
from darkroom_client.errors import InvalidRequest
from darkroom_client.queue_operator import QUEUE_TOKEN, QUEUE_URL, QueueOperator

Item = dict[str, Any]
QueueUrl = Annotated[
    str | None, typer.Option("--queue-url", envvar=QUEUE_URL, help="URL of queue-api (default: the local stack).")
]
QueueToken = Annotated[
    str | None, typer.Option("--queue-token", envvar=QUEUE_TOKEN, help="AUTH_TOKEN of queue-api (default: the same).")
]
TypeArgument = Annotated[str | None, typer.Argument(metavar="[TYPE]", help="A job type; without it, the whole queue.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[JOB]...", help="Ids of failed jobs.")]
TypeOption = Annotated[str | None, typer.Option("--type", help="Only this job type.")]
ErrorOption = Annotated[str | None, typer.Option("--error", help="Only this error code, such as backend_error.")]
AllOption = Annotated[
    bool, typer.Option("--all", help="All that have failed by now and match --type and --error, instead of ids.")
]


class JobStatus(StrEnum):
    """Statuses by which jobs are listed."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_DEPTHS: Columns[Item] = {
    "job type": lambda one: one["job_type"],
    "waiting": lambda one: one["pending"],
    "running": lambda one: one["in_progress"],
    "paused": lambda one: one["paused"],
}
_JOBS: Columns[Item] = {
    "job": lambda one: one["job_id"],
    "type": lambda one: one["job_type"],
    "status": lambda one: one["status"],
    "submitted": lambda one: _moment(one["created_at"]),
    "progress": lambda one: one["progress"],
    "attempt": lambda one: f"{one['attempt']}/{one['max_attempts']}",
    "worker": lambda one: one["worker_id"],
    "error": lambda one: (one["error"] or {}).get("code"),
}
_WORKERS: Columns[Item] = {
    "worker": lambda one: one["worker_id"],
    "machine": lambda one: one["machine_id"],
    "gpu": lambda one: one["gpu"],
    "running": lambda one: f"{one['running']}/{one['concurrency']}",
    "jobs": lambda one: one["current_job_ids"],
    "types": lambda one: one["capabilities"]["types"],
}
_BACKENDS: Columns[Item] = {
    "back end": lambda one: one["id"],
    "alias": lambda one: one["aliases"],
    "types": lambda one: one["types"],
    "status": lambda one: one["status"],
    "running": lambda one: f"{one['queue_depth']}/{one['concurrency']}",
    "models": lambda one: len(one["models"]),
    "vram gb": lambda one: one["vram_gb"],
}
_LETTERS: Columns[Item] = {
    "job": lambda one: one["job_id"],
    "type": lambda one: one["job_type"],
    "failed": lambda one: _moment(one["completed_at"]),
    "attempts": lambda one: one["attempt"],
    "worker": lambda one: one["worker_id"],
    "error": lambda one: (one["error"] or {}).get("code"),
    "message": lambda one: (one["error"] or {}).get("message"),
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Operate queues, workers and failed jobs.", epilog=HELP, no_args_is_help=True)
    group.command("status", epilog=HELP)(show_queues)
    group.command(epilog=HELP)(pause)
    group.command(epilog=HELP)(resume)
    group.command("jobs", epilog=HELP)(list_jobs)
    group.command(epilog=HELP)(prioritize)
    group.command("workers", epilog=HELP)(list_workers)
    group.command("backends", epilog=HELP)(list_backends)
    group.command(epilog=HELP)(drain)
    group.command("dead-letters", epilog=HELP)(list_dead_letters)
    group.command(epilog=HELP)(requeue)
    group.command(epilog=HELP)(purge)
    app.add_typer(group, name="queue")


def show_queues(as_json: JsonOption = False, queue_url: QueueUrl = None, queue_token: QueueToken = None) -> None:
    """Print the numbers of waiting and running jobs, and what is paused."""
    with QueueOperator(queue_url, queue_token) as queue:
        found = queue.queues()
    if as_json:
        show_json(found)
        return
    depths = [{"job_type": name, **numbers} for name, numbers in found["by_type"].items()]
    show_list(depths, _DEPTHS, as_json=False, nothing="No job waits or runs.")
    totals = {name: found[name] for name in ("pending", "delayed", "in_progress", "dead_letters")}
    show_one({**totals, "paused": found["paused"]}, as_json=False)


def pause(job_type: TypeArgument = None, queue_url: QueueUrl = None, queue_token: QueueToken = None) -> None:
    """Start no more jobs of a type, or of any. Running jobs continue, and new ones wait."""
    with QueueOperator(queue_url, queue_token) as queue:
        queue.pause(job_type)
    typer.echo(f"{job_type or 'the whole queue'} is paused")


def resume(job_type: TypeArgument = None, queue_url: QueueUrl = None, queue_token: QueueToken = None) -> None:
    """Undo a pause."""
    with QueueOperator(queue_url, queue_token) as queue:
        left = queue.resume(job_type)
    typer.echo(f"{job_type or 'the whole queue'} is resumed")
    if left["paused"] or left["paused_types"]:
        still = "the whole queue" if left["paused"] else ", ".join(left["paused_types"])
        print_error(f"Still paused: {still}.")


def list_jobs(
    status: Annotated[
        list[JobStatus] | None, typer.Option("--status", help="Only these statuses. May be repeated.")
    ] = None,
    job_type: TypeOption = None,
    worker: Annotated[str | None, typer.Option("--worker", help="Only jobs whose latest attempt it has.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Only jobs of this job group or workflow.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: JsonOption = False,
    queue_url: QueueUrl = None,
    queue_token: QueueToken = None,
) -> None:
    """List jobs, the latest submitted first: those that have not ended, and those of the last day."""
    with QueueOperator(queue_url, queue_token) as queue:
        found = queue.jobs(status=status, job_type=job_type, worker_id=worker, group_id=group, most=limit)
        show_list(found, _JOBS, as_json=as_json, nothing="There is no such job.")


def list_workers(as_json: JsonOption = False, queue_url: QueueUrl = None, queue_token: QueueToken = None) -> None:
    """List the live workers with their running jobs."""
    with QueueOperator(queue_url, queue_token) as queue:
        show_list(queue.workers(), _WORKERS, as_json=as_json, nothing="No worker is connected.")


def list_backends(as_json: JsonOption = False, queue_url: QueueUrl = None, queue_token: QueueToken = None) -> None:
    """List the external back ends that answer."""
    with QueueOperator(queue_url, queue_token) as queue:
        show_list(queue.backends(), _BACKENDS, as_json=as_json, nothing="No back end is connected.")


def prioritize(
    job: Annotated[str, typer.Argument(help="Id of a job of the queue, as `darkroom queue jobs` prints it.")],
    priority: Annotated[int, typer.Argument(min=1, max=100, help="1 to 100; higher is sooner.")],
    queue_url: QueueUrl = None,
    queue_token: QueueToken = None,
) -> None:
    """Move a waiting job forwards or backwards among those of its user."""
    with QueueOperator(queue_url, queue_token) as queue:
        changed = queue.prioritize(job, priority)
    typer.echo(f"{job} has priority {changed['priority']}")


def drain(
    worker: Annotated[str, typer.Argument(help="Id of the worker.")],
    queue_url: QueueUrl = None,
    queue_token: QueueToken = None,
) -> None:
    """Let a worker finish its jobs and take no more, until its process is restarted."""
    with QueueOperator(queue_url, queue_token) as queue:
        running = queue.drain(worker)["running"]
    typer.echo(f"{worker} takes no more jobs; {running} running")


def list_dead_letters(
    job_type: TypeOption = None,
    error: ErrorOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: JsonOption = False,
    queue_url: QueueUrl = None,
    queue_token: QueueToken = None,
) -> None:
    """List failed jobs, the latest first. They are stored for 7 days."""
    with QueueOperator(queue_url, queue_token) as queue:
        found = queue.dead_letters(job_type=job_type, error_code=error, most=limit)
        show_list(found, _LETTERS, as_json=as_json, nothing="No job has failed.")


def requeue(
    jobs: Ids = None,
    job_type: TypeOption = None,
    error: ErrorOption = None,
    everything: AllOption = False,
    queue_url: QueueUrl = None,
    queue_token: QueueToken = None,
) -> None:
    """Queue failed jobs again, with all of their attempts. Jobs of users are refused: platform-api retries them."""
    selection = _selection(jobs, job_type, error, everything)
    requeued = refused = 0
    with QueueOperator(queue_url, queue_token) as queue:
        for answer in _repeated(queue.requeue, selection):
            requeued += len(answer["requeued"])
            refused += len(answer["refused"])
            for one in answer["refused"]:
                print_error(f"{one['job_id']}: {one['error']}")
    typer.echo(f"{requeued} requeued, {refused} refused")


def purge(
    jobs: Ids = None,
    job_type: TypeOption = None,
    error: ErrorOption = None,
    everything: AllOption = False,
    queue_url: QueueUrl = None,
    queue_token: QueueToken = None,
) -> None:
    """Delete failed jobs for good. How they ended can still be read for the rest of the 7 days."""
    selection = _selection(jobs, job_type, error, everything)
    with QueueOperator(queue_url, queue_token) as queue:
        deleted = sum(answer["deleted"] for answer in _repeated(queue.purge, selection))
    typer.echo(f"{deleted} deleted")


def _selection(ids: list[str] | None, job_type: str | None, error: str | None, everything: bool) -> Item:
    if bool(ids) == everything:
        raise InvalidRequest("Name the failed jobs, or select them with --all and perhaps --type and --error.")
    if ids:
        if job_type or error:
            raise InvalidRequest("--type and --error go with --all, not with ids.")
        return {"ids": ids}
    return {"job_type": job_type, "error_code": error, "failed_until": time.time_ns() // 1_000_000}


def _repeated(send: Callable[..., Item], selection: Item) -> list[Item]:
    """Send a selection until nothing is left of it. Refused ones would come again, so they end it."""
    answers = [send(**selection)]
    while answers[-1]["more"] and not answers[-1].get("refused"):
        answers.append(send(**selection))
    return answers


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
