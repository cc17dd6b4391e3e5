"""The parent's end of one child: starts it, talks to it, and sees to its end. Imports no torch."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from gpu_worker.runtime.framing import pack, read_frame
from gpu_worker.runtime.messages import FROM_CHILD, FromChild, ToChild

CHILD_COMMAND = (sys.executable, "-m", "gpu_worker.commands.gpu_process")
_PRIVATE = ("SECRET", "TOKEN", "PASSWORD", "DATABASE_URL", "REDIS_URL", "OBJECT_STORE_URL", "SECRETS_KEY")


class ChildProcess:
    """A running child. It is spawned, never forked: a CUDA context does not survive a fork."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, command: Sequence[str] = CHILD_COMMAND) -> "ChildProcess":
        """Start a child with a socket of its own as its first argument and our pid as its second."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *command,
                str(theirs.fileno()),
                str(os.getpid()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=_environment(os.environ),
                # Ctrl-C in a terminal reaches the whole group; the child's end is the parent's decision.
                start_new_session=True,
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    async def send(self, message: ToChild) -> None:
        """Send a message; one to a dead child is lost, which the reader notices."""
        with suppress(ConnectionError):
            self._writer.write(pack(message.model_dump_json().encode()))
            await self._writer.drain()

    async def receive(self) -> FromChild | None:
        """Await the next message; None when the child is gone."""
        frame = await read_frame(self._reader)
        return None if frame is None else FROM_CHILD.validate_json(frame)

    async def end(self) -> int:
        """Kill the child if it still runs, and return how it ended: negative is the number of a signal."""
        self._writer.close()
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                # Not Process.kill(): it looks whether the process has ended, and so may take its status from the loop.
                os.kill(self._process.pid, signal.SIGKILL)
        return await self._process.wait()


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what a process that runs model code has no business to know. The hub's own token stays.

    Waiting OpenMP threads must sleep: where processes share cores, spinning ones slow everything down tenfold.
    cuBLAS gives the same bits every time only with a workspace of its own.
    """
    return {"OMP_WAIT_POLICY": "PASSIVE", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"} | {
        name: value
        for name, value in environment.items()
        if name.startswith("HF_") or not any(word in name for word in _PRIVATE)
    }
