"""Errors of a stack, with messages for the user at the terminal.

StackError
├── PortTaken       another process listens on the port of a service
├── StateInUse      another stack is running in the state folder
├── NoStack         no stack is running in the state folder
├── StillStarting   the stack in the state folder is not ready yet
├── SeveralStacks   several stacks are running, and the command names none
├── DamagedFile     a file of the state folder can't be parsed
└── ProcessFailed   a server, a service or a set-up command failed
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class StackError(Exception):
    """Base of the errors that end a command with one line and exit code 1."""


class PortTaken(StackError):
    def __init__(self, service: str, port: int, holder: str | None, variable: str) -> None:
        by = holder or "another process"
        super().__init__(
            f"Port {port} for {service} is taken by {by}. Stop it, set {variable} to another port, or use --free-ports."
        )


class StateInUse(StackError):
    def __init__(self, folder: Path, pid: int | None) -> None:
        process = f" (pid {pid})" if pid else ""
        super().__init__(
            f"A stack is already running in {folder}{process}. "
            "Stop it with `darkroom down`, or use another --state-dir."
        )


class NoStack(StackError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"No stack is running in {folder}. Start one with `darkroom up`.")


class StillStarting(StackError):
    def __init__(self, folder: Path, pid: int) -> None:
        super().__init__(f"The stack in {folder} (pid {pid}) is still starting. Try again when it is ready.")


class SeveralStacks(StackError):
    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(
            f"Several stacks are running: in {' and in '.join(map(str, folders))}. "
            f"Choose one, for example with DARKROOM_STATE_DIR={folders[0]}."
        )


class DamagedFile(StackError):
    """Names the first error, and never the content, which may be secret."""

    def __init__(self, file: Path, error: "ValidationError", remedy: str) -> None:
        first = error.errors(include_input=False, include_url=False)[0]
        reason = ".".join(map(str, first["loc"])) + ": " * bool(first["loc"]) + first["msg"]
        super().__init__(f"{file} can't be understood: {reason}. {remedy}")


class ProcessFailed(StackError):
    """The message says which process failed, and why."""
