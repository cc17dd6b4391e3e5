"""Runs a stack as a separate process: for a demo or a test, or in the background."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from darkroom_local.console import SUPERVISOR
from darkroom_local.errors import ProcessFailed, StackError, StateInUse
from darkroom_local.private_files import empty_private
from darkroom_local.servers.blocking import await_ready
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.state import StateDir

READY_TIMEOUT_S = 1800.0  # the first start may build models
STOP_TIMEOUT_S = 90.0
STOP_INTERVAL_S = 0.05


def stack_process(state: StateDir, options: Sequence[str], env: Mapping[str, str]) -> ProcessSpec:
    """Describe the process of `darkroom up` on a state folder; it is ready when all of the stack is."""

    def ready(pid: int) -> bool:
        owner = state.supervisor()
        return owner is not None and owner.pid == pid and state.is_ready()

    return ProcessSpec(
        name="the stack",
        argv=(sys.executable, "-m", "darkroom_local", "up", "--state-dir", str(state.path), *options),
        ready=ready,
        env=env,
        cwd=Path.cwd(),  # relative paths and .env refer to it
        death_signal=signal.SIGTERM,
        grace_s=STOP_TIMEOUT_S,
        ready_timeout_s=READY_TIMEOUT_S,
    )


def start_detached(state: StateDir, options: Sequence[str], env: Mapping[str, str]) -> None:
    """Start a stack that outlives this process; returns when it is ready. Raises StateInUse or ProcessFailed."""
    if owner := state.supervisor():
        raise StateInUse(state.path, owner.pid)  # before its log is replaced
    state.make()
    spec = stack_process(state, options, env)
    empty_private(state.log_file)
    with state.log_file.open("ab") as log:
        process = subprocess.Popen(
            spec.argv,
            env=spec.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        await_ready(spec, process, state.log_file)
    except ProcessFailed:
        raise start_failure(state) from None


def start_failure(state: StateDir) -> ProcessFailed:
    """Return an error with the last line of a stack's log, without the supervisor's name and time."""
    lines = state.log_file.read_text(errors="replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "The stack did not start")
    reason = re.sub(rf"^{SUPERVISOR} *\| *[\d.]+s *", "", last).rstrip(".")
    return ProcessFailed(f"{reason}. The log is {state.log_file}.")


def stop_running(state: StateDir) -> bool:
    """Stop the stack in a state folder and wait until it has ended; returns False if none is running."""
    supervisor = state.supervisor()
    if supervisor is None:
        return False
    try:
        supervisor.terminate()
        _wait_for_end(supervisor)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        raise StackError(f"The stack in {state.path} (pid {supervisor.pid}) belongs to another user.") from None
    except psutil.TimeoutExpired:
        raise StackError(
            f"The stack in {state.path} is still stopping after {STOP_TIMEOUT_S:g} s. Wait, or kill it and all its "
            f"processes with `kill -9 {supervisor.pid}`."
        ) from None
    return True


def _wait_for_end(process: psutil.Process) -> None:
    """Wait until the process has ended. A zombie counts as ended: only its parent has not collected it yet."""
    deadline = time.monotonic() + STOP_TIMEOUT_S
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                raise psutil.TimeoutExpired(STOP_TIMEOUT_S, process.pid)
            time.sleep(STOP_INTERVAL_S)
