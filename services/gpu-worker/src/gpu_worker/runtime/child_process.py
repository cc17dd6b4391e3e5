"""The parent's end of one GPU process: starts it, exchanges messages with it, and kills it. Imports no torch."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from gpu_worker.runtime.child_environment import child_environment
from gpu_worker.runtime.framing import pack, read_frame
from gpu_worker.runtime.messages import FROM_CHILD, FromChild, ToChild

CHILD_COMMAND = (sys.executable, "-m", "gpu_worker.commands.gpu_process")


class ChildProcess:
    """A running GPU process. It is spawned and not forked, because a CUDA context does not survive a fork."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, command: Sequence[str] = CHILD_COMMAND, gpu: str | None = None) -> "ChildProcess":
        """Start a process that sees this GPU only. Its arguments are its socket's descriptor and this process's id."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *command,
                str(theirs.fileno()),
                str(os.getpid()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=child_environment(os.environ) | _visible(gpu),
                # Ctrl-C in a terminal signals the whole process group; only the parent may end the GPU process.
                start_new_session=True,
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    async def send(self, message: ToChild) -> None:
        """Send a message. A message to a process that has ended is lost; `receive` then returns None."""
        with suppress(ConnectionError):
            self._writer.write(pack(message.model_dump_json().encode()))
            await self._writer.drain()

    async def receive(self) -> FromChild | None:
        """Return the next message, or None when the process has closed its socket."""
        frame = await read_frame(self._reader)
        return None if frame is None else FROM_CHILD.validate_json(frame)

    async def end(self) -> int:
        """Kill the process if it still runs. Returns its exit status; -n if signal n ended it."""
        self._writer.close()
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                # Not Process.kill(): it polls the process, and so may take the exit status from the event loop.
                os.kill(self._process.pid, signal.SIGKILL)
        return await self._process.wait()


def _visible(gpu: str | None) -> dict[str, str]:
    """Return what makes CUDA show one GPU, by its index, UUID or MIG UUID; indexes count as in `nvidia-smi`."""
    return {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
