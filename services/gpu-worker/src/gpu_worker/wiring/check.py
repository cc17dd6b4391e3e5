"""The composition root of `darkroom worker check`."""

import os
from pathlib import Path

from gpu_worker.domain.memory.card import CPU, CUDA, Card
from gpu_worker.machine.check import CheckReport, Findings, ModelNeed, check_machine, model_need
from gpu_worker.machine.devices import NoSuchGpu, chosen_gpus
from gpu_worker.machine.facts import Gpu, Machine
from gpu_worker.machine.presence import present_bytes, to_come_bytes
from gpu_worker.machine.probe import probe_machine
from gpu_worker.models.files import fault_of
from gpu_worker.models.hub_cache import hub_cache
from gpu_worker.models.profile import Profile
from gpu_worker.models.profile_loader import RegistryError
from gpu_worker.models.registry import HubSource
from gpu_worker.runtime.ram import plannable_ram_bytes, total_ram_bytes
from gpu_worker.settings import ModelSettings
from gpu_worker.wiring.profiles import limit_bytes, read_profile
from gpu_worker.wiring.registration import footprints_on


def read_settings(profile_name: str | None, models_dir: Path | None) -> ModelSettings:
    """Read the settings of the check. Arguments that are not None replace those of the environment."""
    changes = {"profile": profile_name, "models_dir": models_dir}
    return ModelSettings.load().model_copy(update={name: value for name, value in changes.items() if value is not None})


def make_report(profile_name: str | None, models_dir: Path | None) -> CheckReport:
    """Check this machine against a profile; raises RegistryError. Arguments that are None come from the settings."""
    settings = read_settings(profile_name, models_dir)
    profile = read_profile(settings)
    downloads = any(isinstance(entry.source, HubSource) for entry in profile.models.values())
    disk = hub_cache() if downloads else settings.models_dir
    return report_on(probe_machine(disk, total_ram_bytes()), settings, profile)


def report_on(machine: Machine, settings: ModelSettings, profile: Profile) -> CheckReport:
    """Check a machine against a profile; raises RegistryError if the settings name a GPU that it does not have."""
    findings = Findings(
        machine=machine,
        gpus=_chosen(machine, settings, profile),
        models=_needs(settings, profile),
        faults=_faults(settings, profile),
        footprints_on=lambda card: footprints_on(profile, card, settings.models_dir),
        plannable_ram_bytes=plannable_ram_bytes(machine.ram_bytes),
        limit_bytes=limit_bytes(settings),
        policy=settings.policy,
    )
    return check_machine(profile, findings)


def _chosen(machine: Machine, settings: ModelSettings, profile: Profile) -> tuple[Gpu, ...]:
    if profile.devices[0] != CUDA:
        return ()
    try:
        return chosen_gpus(machine.gpus, settings.device, os.environ.get("CUDA_VISIBLE_DEVICES"))
    except NoSuchGpu as error:
        raise RegistryError(str(error)) from None


def _needs(settings: ModelSettings, profile: Profile) -> list[ModelNeed]:
    kind = CPU if profile.devices[0] == CPU else CUDA
    footprints = footprints_on(profile, Card(kind, "", 0, 0), settings.models_dir)
    place = settings.models_dir
    return [
        model_need(
            name, entry, present_bytes(entry, place), to_come_bytes(entry, place), footprints[name].weights_bytes
        )
        for name, entry in profile.models.items()
    ]


def _faults(settings: ModelSettings, profile: Profile) -> dict[str, str]:
    found = {name: fault_of(entry, settings.models_dir) for name, entry in profile.models.items()}
    return {name: fault for name, fault in found.items() if fault is not None}
