"""Redis-like servers that tests start, kill and start again.

DARKROOM_TEST_REDIS names another server binary (such as /usr/bin/redis-server) to run in the embedded Valkey's place.
"""

import os
from dataclasses import replace
from pathlib import Path

from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.valkey import EmbeddedValkey

from support.mortal import Mortal


def spec_of(server: EmbeddedValkey) -> ProcessSpec:
    """Describe the server's process, with the binary that the tests were asked to use."""
    spec = server.prepare()
    binary = os.environ.get("DARKROOM_TEST_REDIS")
    return replace(spec, argv=(binary, *spec.argv[1:])) if binary else spec


class MortalServer(Mortal):
    """One server with an append-only file, which can be killed and comes back on its port with its data."""

    def __init__(self, folder: Path, *, fsync: str) -> None:
        self._valkey, self._fsync = EmbeddedValkey(folder, free_ports(1)[0]), fsync
        super().__init__(self._spec, folder.with_suffix(".log"))
        self.port, self.url = self._valkey.port, self._valkey.url

    def _spec(self) -> ProcessSpec:
        spec = spec_of(self._valkey)
        with (self._valkey.folder / "valkey.conf").open("a") as configuration:
            configuration.write(f"appendfsync {self._fsync}\n")
        return spec
