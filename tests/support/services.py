"""Run a real service process for a test, and stop it afterwards."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready


@dataclass(frozen=True)
class RunningService:
    """Where a service answers, its process id, and its log file."""

    url: str
    pid: int
    log: Path


class StartService(Protocol):
    """Runs a service while the context is open, with changes of its environment by keyword."""

    def __call__(self, **changes: str) -> AbstractContextManager[RunningService]: ...


@contextmanager
def running_service(module: str, port_variable: str, env: Mapping[str, str], folder: Path) -> Iterator[RunningService]:
    """Start `python -m <module>` on a free port and wait until it is ready."""
    [port] = free_ports(1)
    spec = ProcessSpec(
        name=module,
        argv=(sys.executable, "-m", module),
        ready=http_ready(port),
        env={**os.environ, **env, port_variable: str(port)},
        cwd=folder,
    )
    log = folder / f"{module}.log"
    with running(spec, log) as process:
        yield RunningService(f"http://127.0.0.1:{port}", process.pid, log)
