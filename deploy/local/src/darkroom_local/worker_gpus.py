"""Which GPUs the workers of a stack use: one worker for each, unless the operator says otherwise."""

import shutil
from collections.abc import Mapping

from darkroom_local.environment import CPU_PROFILES
from darkroom_local.errors import StackError


def gpus_of(profile: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return a value of GPU_WORKER_DEVICE for each GPU that workers of a profile use; raises StackError.

    Empty if the profile computes on the CPU, if the machine has no GPU, or if GPU_WORKER_DEVICE is set: then every
    worker does as its settings say.
    """
    if profile in CPU_PROFILES or env.get("GPU_WORKER_DEVICE") or shutil.which("nvidia-smi") is None:
        return ()
    from gpu_worker.machine.devices import chosen_gpus
    from gpu_worker.machine.probe import probe_gpus
    from gpu_worker.models.profile_loader import RegistryError, load_profile

    try:
        kinds = load_profile(profile).devices
    except RegistryError as error:
        raise StackError(str(error)) from None
    if kinds[0] != "cuda":
        return ()
    return tuple(gpu.uuid for gpu in chosen_gpus(probe_gpus(), None, env.get("CUDA_VISIBLE_DEVICES")))


def number_of_workers(asked: int | None, gpus: tuple[str, ...]) -> int:
    """Return how many workers to start: as many as asked for, else one for each GPU, and one without any."""
    return max(1, len(gpus)) if asked is None else asked
