"""Follows a job to its end with a progress bar."""

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from darkroom_client.client import Client
from darkroom_client.models import Job, JobEvent

COMPLETE_PERCENT = 100.0


def watch_to_end(client: Client, job_id: str, console: Console) -> Job:
    """Show the job's progress until it has ended, and return it: a bar on a terminal, lines elsewhere."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("waiting", total=COMPLETE_PERCENT)
        for event in client.follow(job_id):
            if event.message and not console.is_terminal:
                console.print(f"  {event.message}", markup=False, highlight=False)
            _show(bar, task, event)
    return client.job(job_id)


def _show(bar: Progress, task: TaskID, event: JobEvent) -> None:
    if event.message:
        bar.update(task, description=event.message)
    if event.progress is not None:
        bar.update(task, completed=event.progress)
