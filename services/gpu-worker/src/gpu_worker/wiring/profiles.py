"""Reads the profile of the settings, and derives from it what the GPU process needs."""

from gpu_worker.domain.memory.card import CPU
from gpu_worker.loops.model_supply import Obtain
from gpu_worker.models.files import ModelFiles
from gpu_worker.models.obtain import obtain
from gpu_worker.models.profile import Profile, on_cpu, without_unrequested
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.models.registry import TinySource
from gpu_worker.models.transfer import Cancellation, Report
from gpu_worker.runtime.messages import MemoryPlan, Setup
from gpu_worker.settings import ModelSettings

_GIB = 1024**3


def obtain_for(settings: ModelSettings, profile: Profile) -> Obtain:
    """Return what obtains the files of a model. Tiny ones are built by the GPU process, since this one has no torch."""

    def obtain_files(name: str, report: Report, cancellation: Cancellation) -> ModelFiles | None:
        entry = profile.models[name]
        if isinstance(entry.source, TinySource):
            return None
        return obtain(entry, settings.models_dir, report, cancellation)

    return obtain_files


def read_profile(settings: ModelSettings) -> Profile:
    """Read the profile that the settings name; raises RegistryError.

    Models with `on_request` are left out, unless GPU_WORKER_MODELS or GPU_WORKER_PRELOAD names them.
    """
    profile = load_profile(
        settings.profile,
        models_file=settings.models_file,
        sdxl_checkpoint=settings.sdxl_checkpoint,
        only=settings.models,
        preload=settings.preload,
    )
    profile = without_unrequested(profile, (*settings.models, *profile.preload))
    return on_cpu(profile) if settings.device == CPU else profile


def limit_bytes(settings: ModelSettings) -> int | None:
    """Return GPU_WORKER_MEMORY_GB in bytes."""
    return None if settings.memory_gb is None else int(settings.memory_gb * _GIB)


def make_setup(settings: ModelSettings, profile: Profile) -> Setup:
    """Return the first message to the GPU process."""
    memory = MemoryPlan(
        budget_gb=settings.memory_gb,
        offload=settings.offload,
        max_batch=settings.max_batch,
        vae_tiling=settings.vae_tiling,
    )
    gpu = None if settings.device == CPU else settings.device
    return Setup(profile=profile, models_dir=settings.models_dir, models={}, memory=memory, gpu=gpu)
