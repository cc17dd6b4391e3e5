"""What a profile needs of a machine, and what is missing on this one."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, computed_field

from gpu_worker.models.profile import Profile
from gpu_worker.models.registry import ModelEntry, describe

GIGABYTE = 1_000_000_000
_COMPLETE_SHARE = 0.97
"""Sizes in the model list are rounded: so much of a model on the disk is all of it."""


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class Gpu(_Fact):
    """A graphics card as its driver describes it."""

    name: str
    memory_bytes: int


class Machine(_Fact):
    """The machine as it is. A package that is missing has the version None."""

    gpus: tuple[Gpu, ...]
    ram_bytes: int
    free_disk_bytes: int
    disk: str
    packages: Mapping[str, str | None]


class ModelNeed(_Fact):
    """One model: where it comes from, and how much of it is here."""

    name: str
    comes_by: str
    source: str
    revision: str | None
    vae: str | None
    disk_bytes: int
    present_bytes: int
    memory_bytes: int
    peak_bytes: int

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form; mypy has no decorated properties
    @property
    def missing_bytes(self) -> int:
        """Return how much is still to be downloaded or built."""
        complete = self.present_bytes >= _COMPLETE_SHARE * self.disk_bytes
        return 0 if complete else self.disk_bytes - self.present_bytes


class CheckReport(_Fact):
    """The verdict: a worker of this profile runs here if there is no problem."""

    profile: str
    note: str
    machine: Machine
    models: tuple[ModelNeed, ...]
    problems: tuple[str, ...]
    advice: tuple[str, ...]

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form; mypy has no decorated properties
    @property
    def runs(self) -> bool:
        """Tell whether a worker of this profile runs here."""
        return not self.problems


def model_need(name: str, entry: ModelEntry, present_bytes: int) -> ModelNeed:
    """Describe a model of the registry, of which `present_bytes` are on this machine."""
    kind, source = describe(entry.source)
    return ModelNeed(
        name=name,
        comes_by=kind.value,
        source=source,
        revision=getattr(entry.source, "revision", None),
        vae=None if entry.vae is None else describe(entry.vae)[1],
        disk_bytes=entry.disk_bytes,
        present_bytes=present_bytes,
        memory_bytes=entry.memory_bytes,
        peak_bytes=entry.peak_bytes,
    )


def check_machine(profile: Profile, machine: Machine, models: Sequence[ModelNeed], lost: Sequence[str]) -> CheckReport:
    """Compare needs with the machine; `lost` names the models whose own folder or file is not there."""
    problems = [
        *_package_problems(machine),
        *_device_problems(profile, machine, models),
        *_disk_problems(machine, models),
        *(f"{name}: its folder or file is not there" for name in lost),
    ]
    return CheckReport(
        profile=profile.name,
        note=profile.note,
        machine=machine,
        models=tuple(models),
        problems=tuple(problems),
        advice=tuple(_advice(profile, machine, models)),
    )


def _package_problems(machine: Machine) -> list[str]:
    missing = [name for name, version in machine.packages.items() if version is None]
    return [f"missing packages: {', '.join(missing)} (install gpu-worker[torch])"] if missing else []


def _device_problems(profile: Profile, machine: Machine, models: Sequence[ModelNeed]) -> list[str]:
    if profile.devices[0] != "cuda":
        return []
    if not machine.gpus:
        return ["no CUDA GPU found: at full size a job would take hours on a CPU"]
    memory = machine.gpus[0].memory_bytes
    return [
        f"{model.name}: its weights alone take {_gb(model.memory_bytes)} of GPU memory, the card has {_gb(memory)}"
        for model in models
        if model.memory_bytes > memory
    ]


def _disk_problems(machine: Machine, models: Sequence[ModelNeed]) -> list[str]:
    missing = sum(model.missing_bytes for model in models)
    if missing <= machine.free_disk_bytes:
        return []
    return [f"{_gb(missing)} are still to come, and {machine.disk} has {_gb(machine.free_disk_bytes)} free"]


def _advice(profile: Profile, machine: Machine, models: Sequence[ModelNeed]) -> list[str]:
    if profile.devices[0] != "cuda" or not machine.gpus:
        return []
    memory = machine.gpus[0].memory_bytes
    offloaded = [model.name for model in models if model.memory_bytes <= memory < model.peak_bytes]
    advice = [f"{name}: its parts will wait in main memory (offload), which is slower" for name in offloaded]
    together = sum(model.memory_bytes for model in models)
    if together > memory:
        advice.append(f"all models together take {_gb(together)}: they will take turns on the card")
    return advice


def _gb(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB"
