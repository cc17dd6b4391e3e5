"""A Valkey for one test, which switches it off or has it hang."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.valkey import EmbeddedValkey


class Switched:
    """A Valkey of its own that keeps its data while it is off."""

    def __init__(self, folder: Path, processes: ExitStack) -> None:
        self._server, self._processes, self._folder = EmbeddedValkey(folder, free_ports(1)[0]), processes, folder
        self.url = self._server.url

    async def on(self) -> None:
        start = running(self._server.prepare(), self._folder / "log")
        self._process = await asyncio.to_thread(self._processes.enter_context, start)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Keep the server's connections open, and have it answer nothing."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    async def off(self) -> None:
        await asyncio.to_thread(self._processes.close)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Switched]:
    with ExitStack() as processes:
        yield Switched(tmp_path / "valkey", processes)
