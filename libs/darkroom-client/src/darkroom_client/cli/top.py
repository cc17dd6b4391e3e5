"""The command `top`: a live view of queues, workers and jobs."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from darkroom_client.cli.exits import HELP
from darkroom_client.cli.queue import QueueToken, QueueUrl
from darkroom_client.cli.terminal import printable
from darkroom_client.errors import NotAuthorised, NotReachable
from darkroom_client.live_queue import LiveQueue
from darkroom_client.queue_operator import find_queue

_REFRESH_PER_S = 4
_STATS_EVERY_S = 2
_LONGEST_PAUSE_S = 5.0
_PRINTED_LINES = 40
"""Height of the view that `--once` prints to a file or a pipe."""
_NO_ACCESS = 1008
_HEAD, _FRAME = 3, 3
"""Lines of the head, and of the borders and the column names of a panel."""
_COLOURS = {"completed": "green", "failed": "red", "cancelled": "yellow", "busy": "green", "idle": "dim"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("top", epilog=HELP)(top)


def top(
    once: Annotated[bool, typer.Option("--once", help="Print the present state and exit.")] = False,
    queue_url: QueueUrl = None,
    queue_token: QueueToken = None,
) -> None:
    """Show workers, running and waiting jobs and the latest results, live; q or Ctrl-C ends it."""
    url, token = find_queue(queue_url, queue_token)
    state, lock, console = LiveQueue(), threading.Lock(), Console()
    if once:
        with _connected(url, token) as socket:
            while not state.stats:
                state.apply(json.loads(socket.recv()))
        lines = console.height if console.is_terminal else _PRINTED_LINES
        console.print(_screen(state, url, lines, None), height=lines)
        return
    problem: list[str | None] = ["connecting"]
    failure: list[Exception] = []
    ended = threading.Event()
    follower = threading.Thread(target=_follow, args=(url, token, state, lock, problem, failure, ended), daemon=True)
    follower.start()
    with _keys(ended), Live(console=console, screen=True, refresh_per_second=_REFRESH_PER_S) as live:
        while not ended.wait(1 / _REFRESH_PER_S):
            with lock:
                live.update(_screen(state, url, console.height, problem[0]))
    if failure:
        raise failure[0]


def _follow(
    url: str,
    token: str,
    state: LiveQueue,
    lock: threading.Lock,
    problem: list[str | None],
    failure: list[Exception],
    ended: threading.Event,
) -> None:
    """Apply the messages of the socket to the state, and connect again after each loss."""
    pause_s = 0.25
    while not ended.is_set():
        try:
            with _connected(url, token) as socket:
                problem[0], pause_s = None, 0.25
                for text in socket:
                    with lock:
                        state.apply(json.loads(text))
        except NotAuthorised as error:
            failure.append(error)
            ended.set()
            return
        except (NotReachable, ConnectionClosed, OSError) as error:
            problem[0] = f"not connected: {error}"
        ended.wait(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


@contextmanager
def _connected(url: str, token: str) -> Iterator[ClientConnection]:
    """Open the socket and ask for the full state and for statistics."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    at = f"ws{url.removeprefix('http')}/ws/monitor/darkroom-top"
    try:
        with connect(at, additional_headers=headers, open_timeout=5) as socket:
            socket.send(json.dumps({"type": "monitor_connect", "request_full_state": True}))
            socket.send(json.dumps({"type": "subscribe_stats", "interval_seconds": _STATS_EVERY_S}))
            yield socket
    except ConnectionClosed as error:
        if error.rcvd is not None and error.rcvd.code == _NO_ACCESS:
            raise NotAuthorised(f"queue-api refuses the token: {error.rcvd.reason}.") from error
        raise
    except (InvalidStatus, WebSocketException, OSError, TimeoutError) as error:
        raise NotReachable(f"{url} can't be reached: {str(error) or type(error).__name__}.") from error


@contextmanager
def _keys(ended: threading.Event) -> Iterator[None]:
    """End the view when q is pressed, on a terminal that can tell."""
    try:
        import termios
        import tty

        number = sys.stdin.fileno()
        before = termios.tcgetattr(number)
    except (ImportError, OSError, ValueError, AttributeError):
        yield
        return

    def read() -> None:
        with suppress(OSError, ValueError):
            while not ended.is_set():
                if sys.stdin.read(1) in {"q", "Q", "\x1b", ""}:
                    ended.set()

    try:
        tty.setcbreak(number)
        threading.Thread(target=read, daemon=True).start()
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _screen(state: LiveQueue, url: str, height: int, problem: str | None) -> RenderableType:
    running = state.running()
    room = max(15, height - _HEAD)
    results = 9 if room >= 27 else 5
    jobs = (room - results) // 2
    layout = Layout()
    layout.split_column(
        Layout(_head(state, url, problem), size=_HEAD),
        Layout(Panel(_workers(state, room - results - jobs - _FRAME), title="workers")),
        Layout(Panel(_jobs(state, jobs - _FRAME), title=f"running {len(running)}"), size=jobs),
        Layout(Panel(_recent(state, results - _FRAME), title="latest results"), size=results),
    )
    return layout


def _head(state: LiveQueue, url: str, problem: str | None) -> RenderableType:
    stats = state.stats
    names = ("pending", "active", "completed", "failed", "cancelled")
    numbers = "  ".join(f"{name} {stats.get(f'{name}_jobs', 0):,}" for name in names)
    workers = f"workers {stats.get('active_workers', 0)}/{stats.get('total_workers', 0)} busy"
    waiting = ", ".join(f"{name} {count}" for name, count in sorted(state.waiting_by_type().items())[:6])
    first = Text(f"darkroom top  {url}  {datetime.now(UTC):%H:%M:%S} UTC", style="bold")
    if problem is not None:
        first.append(f"  {printable(problem)}", style="bold yellow")
    return Group(first, Text(f"{workers}   {numbers}"), Text(f"waiting: {waiting or 'nothing'}", style="dim"))


def _table(*names: str) -> Table:
    """Return a table whose last column takes the width that the others leave."""
    table = Table(box=None, expand=True)
    for name in names:
        table.add_column(name, no_wrap=True, ratio=1 if name == names[-1] else None)
    return table


def _workers(state: LiveQueue, rows: int) -> Table:
    table = _table("worker", "machine", "gpu", "status", "job", "types")
    jobs = {job.worker: job.id for job in state.running()}
    ordered = sorted(state.workers.values(), key=lambda one: (one.status != "busy", one.id))
    for worker in ordered[: max(1, rows)]:
        table.add_row(
            printable(worker.id), printable(worker.machine), printable(worker.gpu or "-"),
            Text(worker.status, style=_COLOURS.get(worker.status, "")), printable(jobs.get(worker.id, "-")),
            printable(",".join(worker.services)),
        )  # fmt: skip
    if len(ordered) > rows:
        table.add_row(f"and {len(ordered) - max(1, rows)} more")
    return table


def _jobs(state: LiveQueue, rows: int) -> Table:
    table = _table("job", "type", "worker", "time", "progress", "", "doing")
    now_ms = time.time() * 1000
    for job in state.running()[: max(1, rows)]:
        seconds = 0 if job.started_ms is None else max(0, (now_ms - job.started_ms) / 1000)
        table.add_row(
            printable(job.id), printable(job.job_type), printable(job.worker or "-"), f"{seconds:.0f} s",
            ProgressBar(100, job.progress, width=20), f"{job.progress:.0f} %", printable(job.message or ""),
        )  # fmt: skip
    return table


def _recent(state: LiveQueue, rows: int) -> Table:
    table = _table("time", "status", "job", "type", "error")
    for one in list(state.recent)[:rows]:
        moment = datetime.fromtimestamp(one.at_ms / 1000, UTC)
        table.add_row(
            f"{moment:%H:%M:%S}", Text(one.status, style=_COLOURS.get(one.status, "")), printable(one.id),
            printable(one.job_type), printable(one.error or ""),
        )  # fmt: skip
    return table
