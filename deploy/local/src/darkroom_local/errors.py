"""What can go wrong with a stack, as sentences for the person at the terminal.

StackError
├── PortTaken       somebody else listens where a service should
├── StateInUse      another stack runs on the state folder
├── NoStack         nothing runs on the state folder
└── ProcessFailed   a server, a service or a set-up command ended when it should not have
"""

from pathlib import Path


class StackError(Exception):
    """Base of the errors that end a command with one line."""


class PortTaken(StackError):
    def __init__(self, service: str, port: int, holder: str | None, variable: str) -> None:
        by = holder or "another process"
        super().__init__(
            f"Port {port} for {service} is taken by {by}. Stop it, set {variable} to another port, or use --free-ports."
        )


class StateInUse(StackError):
    def __init__(self, folder: Path, pid: int) -> None:
        super().__init__(
            f"A stack already runs on {folder} (pid {pid}). Stop it with `darkroom down`, or use another --state-dir."
        )


class NoStack(StackError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"No stack runs on {folder}. Start one with `darkroom up`.")


class ProcessFailed(StackError):
    """Carries its own sentence."""
