"""Redis-like servers that tests start, kill and start again.

DARKROOM_TEST_REDIS names another server binary (such as /usr/bin/redis-server) to run in the embedded Valkey's place.
"""

import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path

from darkroom_local.servers.blocking import await_ready
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.valkey import EmbeddedValkey


def spec_of(server: EmbeddedValkey) -> ProcessSpec:
    """Describe the server's process, with the binary that the tests were asked to use."""
    spec = server.prepare()
    binary = os.environ.get("DARKROOM_TEST_REDIS")
    return replace(spec, argv=(binary, *spec.argv[1:])) if binary else spec


class MortalServer:
    """One server with an append-only file, which can be killed and comes back on its port with its data."""

    def __init__(self, folder: Path, *, fsync: str) -> None:
        self._valkey = EmbeddedValkey(folder, free_ports(1)[0])
        self._fsync, self._log = fsync, folder.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self.url = self._valkey.port, self._valkey.url

    async def start(self) -> None:
        """Start and wait until all data is loaded."""
        spec = spec_of(self._valkey)
        with (self._valkey.folder / "valkey.conf").open("a") as configuration:
            configuration.write(f"appendfsync {self._fsync}\n")
        self._process = spawn(spec, self._log)
        await asyncio.to_thread(await_ready, spec, self._process, self._log)

    async def kill(self) -> None:
        """SIGKILL; what was written but not synced is the kernel's to keep."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)


def spawn(spec: ProcessSpec, log: Path) -> subprocess.Popen[bytes]:
    """Start a process that dies with this one; call it from the main thread, whose end counts as this one's."""
    with log.open("ab") as output:
        return subprocess.Popen(
            spec.guarded_argv(), env=dict(spec.env), cwd=spec.cwd, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
