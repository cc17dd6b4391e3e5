"""Describes a process, for the asyncio supervisor and for synchronous test fixtures."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SHIM = Path(__file__).with_name("shim.py")

Ready = Callable[[int], bool]
"""Return whether the process with this id serves requests; quick, and never raises while it starts."""


@dataclass(frozen=True)
class ProcessSpec:
    """What to start, when it is ready, and how to stop it."""

    name: str
    argv: tuple[str, ...]
    ready: Ready
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = Path("/")
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when the parent dies (Linux)."""
    grace_s: float = 10.0
    ready_timeout_s: float = 60.0
    uid: int | None = None
    gid: int | None = None

    def guarded_argv(self) -> list[str]:
        """Return the command line that starts the process so that it ends with the calling process."""
        uid = -1 if self.uid is None else self.uid
        gid = -1 if self.gid is None else self.gid
        guard = [uid, gid, int(self.death_signal), os.getpid()]
        return [sys.executable, "-I", "-S", str(SHIM), *map(str, guard), *self.argv]
