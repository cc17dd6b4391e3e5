"""Follows a job until it ends, with a progress bar."""

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from darkroom_client.cli.terminal import print_error, printable
from darkroom_client.job_handles import JobHandle
from darkroom_client.models.jobs import Job

COMPLETE_PERCENT = 100.0


def watch_to_end(handle: JobHandle, console: Console) -> Job:
    """Show the job's progress until it ends, and return it: a bar on a terminal, otherwise lines."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    last_seq = 0
    with bar:
        task = bar.add_task("waiting", total=COMPLETE_PERCENT)
        for event in handle.stream():
            # A new connection sends the whole history again.
            for line in (line for line in event.history if line.seq > last_seq):
                last_seq = line.seq
                message = printable(line.message)
                bar.update(task, description=message)
                if not console.is_terminal:
                    _print_line(f"  {message}", console)
            if event.progress is not None:
                bar.update(task, completed=event.progress)
    return handle.refresh()


def _print_line(line: str, console: Console) -> None:
    if not console.stderr:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    elif not console.quiet:
        print_error(line)  # does not raise if standard error is closed
