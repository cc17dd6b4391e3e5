"""What a worker registers with the queue: the job types that its device admits, and the memory that it may use."""

from collections.abc import Mapping
from pathlib import Path

from darkroom_chassis.logs import get_logger
from darkroom_schemas.worker import Capabilities

from gpu_worker.domain.memory.card import CPU, Card
from gpu_worker.domain.memory.footprint import Footprint
from gpu_worker.domain.memory.plan import Policy, Refusal
from gpu_worker.domain.step_router import StepRouter
from gpu_worker.machine.presence import known_path
from gpu_worker.models.demands import local_job_types
from gpu_worker.models.footprint_book import shipped_book
from gpu_worker.models.peak_file import peak_file, read_peaks
from gpu_worker.models.profile import Profile
from gpu_worker.models.survey import Surveyed, admitted, all_footprints, survey
from gpu_worker.runtime.messages import Ready
from gpu_worker.runtime.ram import plannable_ram_bytes, total_ram_bytes
from gpu_worker.settings import ModelSettings

log = get_logger(__name__)

_GIB = 1024**3


def capabilities(
    settings: ModelSettings, profile: Profile, router: StepRouter, device: Ready | None, *, ram_bytes: int | None = None
) -> Capabilities:
    """Return the capabilities of a worker: the job types whose models are ready, and that its device can take.

    `ram_bytes` is the main memory of the machine; by default it is asked for.
    """
    waits = {job_type.name for job_type in local_job_types(profile.models) if job_type.model not in router.models}
    types = tuple(name for name in router.types if name not in waits)
    if device is not None:
        ram = plannable_ram_bytes(total_ram_bytes() if ram_bytes is None else ram_bytes)
        found = survey_device(profile, device, ram, settings.models_dir, settings.policy)
        for job_type, surveyed in found.items():
            if isinstance(surveyed.answer, Refusal) and job_type not in waits:
                log.warning("This worker does not take a job type", job_type=job_type, reason=str(surveyed.answer))
        types = tuple(name for name in types if name not in found or name in admitted(found))
    return Capabilities(types=types, models=router.models, vram_gb=_advertised_gb(profile, device))


def survey_device(
    profile: Profile, device: Ready, ram_bytes: int, models_dir: Path, policy: Policy
) -> Mapping[str, Surveyed]:
    """Ask the planner about each job type on the device that the GPU process reported."""
    card = Card(device.device, device.device_name, device.memory_bytes, device.usable_bytes)
    return survey(profile, card, ram_bytes, footprints_on(profile, card, models_dir), policy)


def footprints_on(profile: Profile, card: Card, models_dir: Path) -> Mapping[str, Footprint]:
    """Return the footprint of each model on a device: of the files that are here, with what the device measured."""
    paths = {
        name: path for name, entry in profile.models.items() if (path := known_path(entry, models_dir)) is not None
    }
    peaks = read_peaks(peak_file(models_dir), card.name)
    return all_footprints(profile, paths, shipped_book(), peaks, on_cpu=card.kind == CPU)


def _advertised_gb(profile: Profile, device: Ready | None) -> int:
    if profile.capacity_gb is not None:
        return profile.capacity_gb
    if device is None:
        return 0
    allowed = device.memory_bytes if device.limit_bytes is None else min(device.memory_bytes, device.limit_bytes)
    return round(allowed / _GIB)
