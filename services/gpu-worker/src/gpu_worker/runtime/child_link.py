"""The child's end of the socket: what a running step may say, and how it learns that it is to stop."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from gpu_worker.domain.failures import Stopped
from gpu_worker.runtime.framing import pack
from gpu_worker.runtime.messages import FileReady, FromChild, Progressed

MIN_PROGRESS_INTERVAL_S = 0.2


Send = Callable[[FromChild], None]
"""Sends a message to the parent."""


class ChildLink:
    """Sends messages to the parent, from any thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._writing = threading.Lock()

    def send(self, message: FromChild) -> None:
        frame = pack(message.model_dump_json().encode())
        with self._writing:
            self._connection.sendall(frame)


class StepLink:
    """One running step's line to the parent: progress, files, signs of life, and the wish to stop."""

    def __init__(self, run_id: str, send: Send) -> None:
        self.run_id = run_id
        self._send = send
        self._stop = threading.Event()
        self._alive_at = time.monotonic()
        self._reported_at = 0.0
        self.min_interval_s = MIN_PROGRESS_INTERVAL_S

    @property
    def quiet_s(self) -> float:
        """Seconds since the last sign of life."""
        return time.monotonic() - self._alive_at

    def stop(self) -> None:
        """Make the next `check` raise."""
        self._stop.set()

    def check(self) -> None:
        """Show a sign of life; raises Stopped if the step is to stop."""
        self._alive_at = time.monotonic()
        if self._stop.is_set():
            raise Stopped

    def progress(
        self,
        percent: float,
        message: str,
        current_step: int | None = None,
        total_steps: int | None = None,
        preview: Path | None = None,
    ) -> None:
        """Tell how far the step is; more often than five times a second is pointless and dropped."""
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
        """Announce an output that lies complete in the spool folder."""
        self._send(file)
