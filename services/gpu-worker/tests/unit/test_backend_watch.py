"""A back end's worker takes steps only while the back end answers, and registers again when its offer changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from darkroom_chassis.probes import NotReady
from gpu_worker.domain.backend import Discovery
from gpu_worker.domain.failures import ConnectorNotReady
from gpu_worker.domain.ports import StepRun
from gpu_worker.loops import backend_watch
from gpu_worker.loops.backend_watch import BackendWatch


class ScriptedBackend:
    """Answers as the test decides; `asked` is set after each question."""

    types = ("comfyui",)

    def __init__(self) -> None:
        self.offer = Discovery(models=("a",))
        self.problem: str | None = None
        self.discoveries = 0
        self.asked = asyncio.Event()

    async def ping(self) -> None:
        self._answer()

    async def discover(self) -> Discovery:
        self._answer()
        self.discoveries += 1
        return self.offer

    async def run(self, run: StepRun) -> None: ...

    async def close(self) -> None: ...

    def _answer(self) -> None:
        self.asked.set()
        if self.problem is not None:
            raise ConnectorNotReady(self.problem)


@asynccontextmanager
async def watching(backend: ScriptedBackend) -> AsyncIterator[BackendWatch]:
    watch = BackendWatch("a_80", backend, ping_every_s=0.001)  # type: ignore[arg-type]  # run is never called
    running = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        running.cancel()


async def again(backend: ScriptedBackend) -> None:
    """Wait for two more questions: the first may have begun before the test changed the answers."""
    for _ in range(2):
        backend.asked.clear()
        await backend.asked.wait()


async def test_a_back_end_is_available_once_it_has_answered() -> None:
    backend = ScriptedBackend()
    backend.problem = "connection refused"
    async with watching(backend) as watch:
        await again(backend)
        assert watch.state == "connection refused"
        with pytest.raises(NotReady, match="connection refused"):
            await watch.check()
        backend.problem = None
        await watch.available()
        assert watch.discovery.models == ("a",)
        assert watch.state == "ready"
        await watch.check()


async def test_a_lost_back_end_is_missed_only_if_it_stays_away() -> None:
    backend = ScriptedBackend()
    async with watching(backend) as watch:
        await watch.available()
        missed = asyncio.create_task(watch.missing_for(0.05))
        await again(backend)
        assert not missed.done()
        backend.problem = "timeout"
        await missed
        assert watch.state == "timeout"
        backend.problem, backend.offer = None, Discovery(models=("b",))
        await watch.available()
        assert watch.discovery.models == ("b",)


async def test_a_changed_offer_registers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_watch, "DISCOVER_EVERY_S", 0.0)
    backend, changed = ScriptedBackend(), asyncio.Event()
    async with watching(backend) as watch:
        watch.on_change = changed.set
        await watch.available()
        await again(backend)
        assert not changed.is_set()
        backend.offer = Discovery(models=("a",), free_vram_bytes=1, queue_depth=7)
        await again(backend)
        assert not changed.is_set(), "free memory and queue depth are not registered"
        backend.offer = Discovery(models=("a", "b"))
        await changed.wait()
        assert watch.discovery.models == ("a", "b")


async def test_a_ping_that_gets_no_answer_counts_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_watch, "PING_TIMEOUT_S", 0.01)

    class Frozen(ScriptedBackend):
        async def ping(self) -> None:
            self.asked.set()
            await asyncio.Event().wait()

    backend = Frozen()
    async with watching(backend) as watch:
        await watch.available()
        await watch.missing_for(0.0)
        assert backend.discoveries >= 1
