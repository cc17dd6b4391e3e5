"""Compares what a profile needs with what this machine has."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, computed_field

from gpu_worker.models.profile import Profile
from gpu_worker.models.registry import ModelEntry, describe

GIGABYTE = 1_000_000_000
_COMPLETE_SHARE = 0.97
"""Sizes in the model list are rounded, so a model counts as complete from this share on."""


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class Gpu(_Fact):
    """A graphics card as its driver describes it."""

    name: str
    memory_bytes: int


class Machine(_Fact):
    """Hardware and packages of this machine. A missing package has the version None."""

    gpus: tuple[Gpu, ...]
    ram_bytes: int
    free_disk_bytes: int
    disk: str
    packages: Mapping[str, str | None]


class ModelNeed(_Fact):
    """One model of a profile: its source, its sizes, and how much of it is on disk."""

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
        """Return the bytes that are still to be downloaded or built."""
        complete = self.present_bytes >= _COMPLETE_SHARE * self.disk_bytes
        return 0 if complete else self.disk_bytes - self.present_bytes


class CheckReport(_Fact):
    """The result of the check: a worker of this profile runs here if there are no problems."""

    profile: str
    note: str
    machine: Machine
    models: tuple[ModelNeed, ...]
    problems: tuple[str, ...]
    advice: tuple[str, ...]

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form; mypy has no decorated properties
    @property
    def runs(self) -> bool:
        """Return whether a worker of this profile runs here."""
        return not self.problems


def model_need(name: str, entry: ModelEntry, present_bytes: int) -> ModelNeed:
    """Describe a model of which `present_bytes` are on this machine."""
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
    """Compare the needs with the machine. `lost` names the models whose folder or file does not exist."""
    problems = [
        *_package_problems(machine),
        *_device_problems(profile, machine, models),
        *_disk_problems(machine, models),
        *(f"{name}: its folder or file does not exist" for name in lost),
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
        f"{model.name}: its weights alone need {_gb(model.memory_bytes)} of GPU memory, the GPU has {_gb(memory)}"
        for model in models
        if model.memory_bytes > memory
    ]


def _disk_problems(machine: Machine, models: Sequence[ModelNeed]) -> list[str]:
    missing = sum(model.missing_bytes for model in models)
    if missing <= machine.free_disk_bytes:
        return []
    return [f"{_gb(missing)} are still to be downloaded, but {machine.disk} has {_gb(machine.free_disk_bytes)} free"]


def _advice(profile: Profile, machine: Machine, models: Sequence[ModelNeed]) -> list[str]:
    if profile.devices[0] != "cuda" or not machine.gpus:
        return []
    memory = machine.gpus[0].memory_bytes
    offloaded = [model.name for model in models if model.memory_bytes <= memory < model.peak_bytes]
    advice = [f"{name}: parts that are not in use stay in main memory (offload), which is slower" for name in offloaded]
    together = sum(model.memory_bytes for model in models)
    if together > memory:
        advice.append(f"all models together need {_gb(together)}: they take turns on the GPU")
    return advice


def _gb(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB"
