"""`darkroom worker check --load`: loads the models in a GPU process, as the worker does."""

import asyncio
from pathlib import Path

from gpu_worker.runtime.child_process import ChildProcess
from gpu_worker.runtime.messages import ModelLoaded, Ready, Setup
from gpu_worker.settings import WorkerSettings
from gpu_worker.wiring.check import read_settings
from gpu_worker.wiring.service import make_setup, read_profile


async def load_models(profile_name: str | None, models_dir: Path | None, timeout_s: float | None = None) -> list[str]:
    """Start a GPU process that loads every model of the profile in turn; return what went wrong."""
    settings = read_settings(profile_name, models_dir)
    profile = read_profile(settings)
    everything = profile.model_copy(update={"preload": tuple(profile.models)})
    setup = make_setup(settings, everything)
    limit_s = WorkerSettings.model_fields["start_timeout_s"].default if timeout_s is None else timeout_s
    child = await ChildProcess.start(gpu=setup.gpu)
    try:
        async with asyncio.timeout(limit_s):
            loaded, is_ready = await _listen(child, setup)
    except TimeoutError:
        return [f"the models were not loaded within {limit_s:g} s"]
    finally:
        await child.end()
    if not is_ready:
        return ["the GPU process ended before it was ready; its log says why"]
    return [f"{name}: was not loaded, since it does not fit" for name in profile.models if name not in loaded]


async def _listen(child: ChildProcess, setup: Setup) -> tuple[set[str], bool]:
    """Return the models that were loaded, and whether the process became ready."""
    loaded: set[str] = set()
    await child.send(setup)
    while True:
        match await child.receive():
            case ModelLoaded(model=name):
                loaded.add(name)
            case Ready():
                return loaded, True
            case None:
                return loaded, False
