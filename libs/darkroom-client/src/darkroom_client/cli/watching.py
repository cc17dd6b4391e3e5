"""Follows a job to its end with a progress bar."""

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from darkroom_client.client import Client
from darkroom_client.models import Job

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
    told = 0
    with bar:
        task = bar.add_task("waiting", total=COMPLETE_PERCENT)
        for event in client.follow(job_id):
            # A new connection begins with the history so far.
            for line in (line for line in event.history if line.seq > told):
                told = line.seq
                bar.update(task, description=line.message)
                if not console.is_terminal:
                    console.print(f"  {line.message}", markup=False, highlight=False)
            if event.progress is not None:
                bar.update(task, completed=event.progress)
    return client.job(job_id)
