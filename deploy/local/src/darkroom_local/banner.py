"""The lines printed when the stack is ready: its address, and the next commands."""

import shutil
import sys
from pathlib import Path

from darkroom_local.state import RunningStack

NEXT = (
    ('generate "a lighthouse at dawn"', "make pictures, and save them in ./darkroom-output"),
    ("jobs", "list the newest jobs"),
    ("ui", "print a link that opens the web UI, signed in"),
    ("env", "print URLs and keys for curl and programs"),
)


def banner(stack: RunningStack, *, stop: str) -> list[str]:
    """Return the lines: the address, and commands for another terminal. `stop` says how to stop the stack."""
    ready = f"Darkroom is ready at {stack.platform_url}: open it in a browser, or in another terminal ({stop}):"
    without_worker = [] if stack.worker_urls else ["No worker is running here: jobs wait until a worker takes them."]
    commands = [f"{_program()} {command}" for command, _purpose in NEXT]
    width = max(map(len, commands))
    purposes = [purpose for _command, purpose in NEXT]
    return [
        *without_worker,
        ready,
        *(f"  {command:<{width}}  # {purpose}" for command, purpose in zip(commands, purposes, strict=True)),
    ]


def _program() -> str:
    """Return `darkroom` if the shell finds it, else its path beside this Python."""
    beside = Path(sys.executable).with_name("darkroom")
    if shutil.which("darkroom") or not beside.exists():
        return "darkroom"
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)
