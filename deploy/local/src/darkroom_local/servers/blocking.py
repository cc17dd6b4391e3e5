"""Runs the process of a ProcessSpec from synchronous code, such as a test fixture."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from darkroom_local.errors import ProcessFailed
from darkroom_local.servers.process import ProcessSpec

READY_INTERVAL_S = 0.01
LOG_TAIL_CHARS = 2000


@contextmanager
def running(spec: ProcessSpec, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process, wait until it is ready, and stop it afterwards. Its output is appended to `log`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            spec.guarded_argv(),
            env=dict(spec.env),
            cwd=spec.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        await_ready(spec, process, log)
        yield process
    finally:
        _stop(spec, process)


def await_ready(spec: ProcessSpec, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the process is ready; raises ProcessFailed with the end of its log if it ends or takes too long."""
    deadline = time.monotonic() + spec.ready_timeout_s
    while not spec.ready(process.pid):
        try:
            process.wait(READY_INTERVAL_S)
        except subprocess.TimeoutExpired:
            if time.monotonic() < deadline:
                continue
        raise ProcessFailed(f"{spec.name} is not ready: {log.read_text(errors='replace')[-LOG_TAIL_CHARS:]}")


def _stop(spec: ProcessSpec, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(spec.stop_signal)
    try:
        process.wait(spec.grace_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
