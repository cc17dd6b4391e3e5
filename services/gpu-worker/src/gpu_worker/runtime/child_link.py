"""The GPU process' end of the socket: sends messages to the parent, and passes stop requests to the running step."""

import socket
import threading
import time
from collections.abc import Callable

from gpu_worker.domain.failures import Stopped
from gpu_worker.runtime.framing import pack
from gpu_worker.runtime.messages import FileReady, FromChild, PreviewFile, Progressed

MIN_PROGRESS_INTERVAL_S = 0.2


Send = Callable[[FromChild], None]
"""Sends a message to the parent."""


class ChildLink:
    """Sends messages to the parent; thread-safe."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._writing = threading.Lock()

    def send(self, message: FromChild) -> None:
        frame = pack(message.model_dump_json().encode())
        with self._writing:
            self._connection.sendall(frame)


class StepLink:
    """The running step's connection to the parent: reports progress and files, and raises Stopped when asked to."""

    def __init__(self, run_id: str, send: Send) -> None:
        self.run_id = run_id
        self._send = send
        self._stop = threading.Event()
        self._alive_at = time.monotonic()
        self._reported_at = 0.0
        self.min_interval_s = MIN_PROGRESS_INTERVAL_S

    @property
    def quiet_s(self) -> float:
        """Seconds since the step last called `check` or `progress`."""
        return time.monotonic() - self._alive_at

    def stop(self) -> None:
        """Make the next `check` raise Stopped."""
        self._stop.set()

    def check(self) -> None:
        """Record that the step makes progress; raises Stopped after a stop request."""
        self._alive_at = time.monotonic()
        if self._stop.is_set():
            raise Stopped

    def progress(
        self,
        percent: float,
        message: str,
        current_step: int | None = None,
        total_steps: int | None = None,
        preview: PreviewFile | None = None,
    ) -> None:
        """Report progress; raises Stopped after a stop request.

        At most five reports a second are sent, besides those with a preview and those of 100 percent.
        """
        self.check()
        if self._alive_at - self._reported_at < self.min_interval_s and percent < 100.0 and preview is None:
            return
        self._reported_at = self._alive_at
        self._send(
            Progressed(
                run_id=self.run_id,
                percent=round(percent, 1),
                message=message,
                current_step=current_step,
                total_steps=total_steps,
                preview=preview,
            )
        )

    def file_ready(self, file: FileReady) -> None:
        """Announce an output that is complete in the spool folder."""
        self._send(file)
