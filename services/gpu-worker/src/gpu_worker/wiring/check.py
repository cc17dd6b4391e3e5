"""The composition root of `darkroom worker check`."""

from pathlib import Path

from gpu_worker.machine.check import CheckReport, check_machine, model_need
from gpu_worker.machine.presence import hub_cache, is_missing, present_bytes
from gpu_worker.machine.probe import probe_machine
from gpu_worker.models.registry import HubSource
from gpu_worker.settings import ModelSettings
from gpu_worker.wiring.service import read_profile


def make_report(profile_name: str | None, models_dir: Path | None) -> CheckReport:
    """Check this machine against a profile; raises RegistryError. Arguments that are None come from the settings."""
    settings = ModelSettings.load()
    if profile_name is not None:
        settings = settings.model_copy(update={"profile": profile_name})
    profile = read_profile(settings)
    place = models_dir or settings.models_dir
    needs = [model_need(name, entry, present_bytes(entry, place)) for name, entry in profile.models.items()]
    lost = [name for name, entry in profile.models.items() if is_missing(entry)]
    downloads = any(isinstance(entry.source, HubSource) for entry in profile.models.values())
    return check_machine(profile, probe_machine(hub_cache() if downloads else place), needs, lost)
