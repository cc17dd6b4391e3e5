"""`darkroom worker check --load`: obtains the models and loads them in a GPU process, as the worker does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gpu_worker.domain.failures import Failure
from gpu_worker.models.transfer import Cancellation
from gpu_worker.runtime.gpu_child import ChildTimeouts, GpuChild
from gpu_worker.runtime.messages import Heartbeat, ModelLoaded, ModelRefused, Ready, Setup
from gpu_worker.wiring.check import read_settings
from gpu_worker.wiring.profiles import make_setup, obtain_for, read_profile

_LIMIT_S = 3600.0


async def load_models(profile_name: str | None, models_dir: Path | None, timeout_s: float = _LIMIT_S) -> list[str]:
    """Start a GPU process and load every model of the profile in turn; return what went wrong.

    `timeout_s` limits the start and each load; downloads take as long as they make progress.
    """
    settings = read_settings(profile_name, models_dir)
    profile = read_profile(settings)
    setup = make_setup(settings, profile.model_copy(update={"preload": tuple(profile.models)}))
    obtain = obtain_for(settings, profile)
    watch, problems = _Watch(), []
    try:
        async with _running(setup, watch) as child:
            async with asyncio.timeout(timeout_s):
                if not await watch.becomes_ready(child):
                    return ["the GPU process ended before it was ready; its log says why"]
            for name in profile.models:
                try:
                    files = await asyncio.to_thread(obtain, name, lambda _: None, Cancellation())
                except Failure as failure:
                    problems.append(f"{name}: {failure.message}")
                    continue
                async with asyncio.timeout(timeout_s):
                    refusal = await child.add_model(name, files)
                if refusal is not None:
                    problems.append(f"{name}: {refusal}")
                elif name not in watch.loaded:
                    problems.append(f"{name}: was not loaded, since it does not fit")
    except TimeoutError:
        problems.append(f"the models were not loaded within {timeout_s:g} s")
    return problems


@asynccontextmanager
async def _running(setup: Setup, watch: "_Watch") -> AsyncIterator[GpuChild]:
    child = GpuChild(setup, watch, ChildTimeouts())
    keeper = asyncio.create_task(child.keep_alive())
    try:
        yield child
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


class _Watch:
    """Implements `ChildObserver`: keeps the models that were loaded, and whether the process ended."""

    def __init__(self) -> None:
        self.loaded: set[str] = set()
        self._has_ended = asyncio.Event()

    async def becomes_ready(self, child: GpuChild) -> bool:
        """Wait until the process is ready, or has ended before that."""
        waits = {asyncio.create_task(child.available()), asyncio.create_task(self._has_ended.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return child.is_available

    def ready(self, ready: Ready) -> None: ...

    def heartbeat(self, heartbeat: Heartbeat) -> None: ...

    def model_loaded(self, loaded: ModelLoaded) -> None:
        self.loaded.add(loaded.model)

    def model_refused(self, refused: ModelRefused) -> None: ...

    def lost(self, _reason: str, *, fault: bool) -> None:  # noqa: ARG002 - its log line says why
        self._has_ended.set()
