"""Runs the process of a ProcessSpec under asyncio, once."""

import asyncio
import os
import signal
from typing import Self

from darkroom_local.console import Console
from darkroom_local.errors import ProcessFailed
from darkroom_local.servers.process import ProcessSpec

READY_INTERVAL_S = 0.05
OUTPUT_TIMEOUT_S = 1.0
LAST_LINE_CHARS = 300


class Child:
    """A started process. Its output goes to the console."""

    def __init__(self, spec: ProcessSpec, process: asyncio.subprocess.Process, output: asyncio.Task[str]) -> None:
        self.spec = spec
        self._process = process
        self._output = output

    @classmethod
    async def spawn(cls, spec: ProcessSpec, console: Console) -> Self:
        """Start the process in its own session, so that Ctrl-C signals only the supervisor."""
        # Not asyncio's own pipe: with it, an exit is not reported while a grandchild holds a copy of the pipe open.
        reading, writing = os.pipe()
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb"))
        try:
            process = await asyncio.create_subprocess_exec(
                *spec.guarded_argv(),
                env=dict(spec.env),
                cwd=spec.cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        finally:
            os.close(writing)
        return cls(spec, process, asyncio.create_task(console.relay(spec.name, reader)))

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        """Return the exit code, after up to a second for the last lines of output."""
        code = await self._process.wait()
        await asyncio.wait({self._output}, timeout=OUTPUT_TIMEOUT_S)
        return code

    async def until_ready(self) -> None:
        """Wait until the process is ready; raises ProcessFailed if it ends or takes too long."""
        ended = asyncio.ensure_future(self.wait())
        try:
            async with asyncio.timeout(self.spec.ready_timeout_s):
                while not ended.done():
                    if await asyncio.to_thread(self.spec.ready, self.pid):
                        return
                    await asyncio.wait({ended}, timeout=READY_INTERVAL_S)
            raise ProcessFailed(f"{self.spec.name} {outcome(ended.result())} before it was ready{self._last_line()}.")
        except TimeoutError:
            raise ProcessFailed(f"{self.spec.name} was not ready in {self.spec.ready_timeout_s:g} s.") from None
        finally:
            ended.cancel()

    def _last_line(self) -> str:
        """Return the last line of output, which usually says why a process ended."""
        line = self._output.result() if self._output.done() and not self._output.exception() else ""
        return f": {line.rstrip('.')[:LAST_LINE_CHARS]}" if line else ""

    async def stop(self) -> None:
        """Send the stop signal, wait for the grace period, then kill the process group."""
        if self._process.returncode is None:
            self._process.send_signal(self.spec.stop_signal)
            try:
                async with asyncio.timeout(self.spec.grace_s):
                    await self.wait()
            except TimeoutError:
                self.kill()
        await self.wait()

    def kill(self) -> None:
        """Kill the process group."""
        if self._process.returncode is None:
            os.killpg(self.pid, signal.SIGKILL)


def outcome(code: int) -> str:
    """Describe an exit code."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
