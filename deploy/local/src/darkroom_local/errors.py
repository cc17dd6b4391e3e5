"""What can go wrong with a stack, as sentences for the person at the terminal.

StackError
├── PortTaken       somebody else listens where a service should
├── StateInUse      another stack runs on the state folder
├── NoStack         nothing runs on the state folder
├── StillStarting   a stack runs on the state folder, and doesn't serve yet
├── SeveralStacks   a command needs to know which of the running stacks is meant
├── DamagedFile     a file of the state folder can't be understood
└── ProcessFailed   a server, a service or a set-up command ended when it should not have
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class StackError(Exception):
    """Base of the errors that end a command with one line."""


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
            f"A stack already runs on {folder}{process}. Stop it with `darkroom down`, or use another --state-dir."
        )


class NoStack(StackError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"No stack runs on {folder}. Start one with `darkroom up`.")


class StillStarting(StackError):
    def __init__(self, folder: Path, pid: int) -> None:
        super().__init__(
            f"The stack on {folder} (pid {pid}) is still starting. Try again when `darkroom up` says that it is ready."
        )


class SeveralStacks(StackError):
    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(
            f"Several stacks run: on {' and on '.join(map(str, folders))}. "
            f"Choose one, such as with DARKROOM_STATE_DIR={folders[0]}."
        )


class DamagedFile(StackError):
    """Names the first thing that is wrong, and never the content, which may be secret."""

    def __init__(self, file: Path, error: "ValidationError", remedy: str) -> None:
        first = error.errors(include_input=False, include_url=False)[0]
        reason = ".".join(map(str, first["loc"])) + ": " * bool(first["loc"]) + first["msg"]
        super().__init__(f"{file} can't be understood: {reason}. {remedy}")


class ProcessFailed(StackError):
    """Carries its own sentence."""
