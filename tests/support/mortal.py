"""Processes that a test kills and starts again."""

import asyncio
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from darkroom_local.servers.blocking import await_ready
from darkroom_local.servers.process import ProcessSpec

DEATH_S = 20.0


class Mortal:
    """One process, which comes back as it is described then: on its port, with its data."""

    def __init__(self, describe: Callable[[], ProcessSpec], log: Path) -> None:
        self._describe, self._log = describe, log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the id of the running process."""
        assert self._process is not None, "it was not started"
        return self._process.pid

    async def start(self) -> None:
        """Start and wait until it is ready. It dies with this process, so call it in the main thread."""
        spec = self._describe()
        self._process = spawn(spec, self._log)
        await asyncio.to_thread(await_ready, spec, self._process, self._log)

    def start_blocking(self) -> None:
        """Start as `start` does, for a fixture that is no coroutine."""
        spec = self._describe()
        self._process = spawn(spec, self._log)
        await_ready(spec, self._process, self._log)

    async def kill(self) -> None:
        """SIGKILL to it and its children; what was written but not synced is the kernel's to keep."""
        if self._process is not None:
            await asyncio.to_thread(_kill_family, self._process)


def spawn(spec: ProcessSpec, log: Path) -> subprocess.Popen[bytes]:
    """Start a process that dies with this one; call it from the main thread, whose end counts as this one's."""
    with log.open("ab") as output:
        return subprocess.Popen(
            spec.guarded_argv(), env=dict(spec.env), cwd=spec.cwd, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def _kill_family(process: subprocess.Popen[bytes]) -> None:
    """The children too: PostgreSQL refuses to start while one of them still holds its memory."""
    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for child in family:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait()
    psutil.wait_procs(family, DEATH_S)
