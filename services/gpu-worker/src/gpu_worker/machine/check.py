"""Compares what a profile needs with what this machine has. The memory planner answers for each job type."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import computed_field

from gpu_worker.domain.memory.card import CPU, CUDA, Card, cpu_card
from gpu_worker.domain.memory.footprint import Footprint
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.domain.memory.plan import GIGABYTE, Policy, Refusal
from gpu_worker.machine.devices import card_of, lacks_bfloat16, torch_problem
from gpu_worker.machine.facts import Fact, Gpu, Machine
from gpu_worker.models.profile import Profile
from gpu_worker.models.registry import ModelEntry, WeightType, describe
from gpu_worker.models.survey import Surveyed, survey

_COMPLETE_SHARE = 0.97
"""Sizes in the model list are rounded, so a model counts as complete from this share on."""

FootprintsOn = Callable[[Card], Mapping[str, Footprint]]
"""Returns the footprint of each model on a device."""


class ModelNeed(Fact):
    """One model of a profile: its source, its sizes, and how much of it is on disk."""

    name: str
    comes_by: str
    source: str
    revision: str | None
    vae: str | None
    disk_bytes: int
    present_bytes: int
    memory_bytes: int

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form; mypy has no decorated properties
    @property
    def missing_bytes(self) -> int:
        """Return the bytes that are still to be downloaded or built."""
        complete = self.present_bytes >= _COMPLETE_SHARE * self.disk_bytes
        return 0 if complete else self.disk_bytes - self.present_bytes


class TypeVerdict(Fact):
    """How steps of one job type would run on one device. The queue gives a worker the types that are not refused."""

    job_type: str
    model: str
    is_admitted: bool
    placement: str | None = None
    tiled: bool = False
    batch: int | None = None
    batch_ordered: int | None = None
    peak_bytes: int
    """Device memory at the largest stage, or what would be needed."""
    ram_bytes: int = 0
    """Main memory that the model keeps."""
    reason: str | None = None


class DeviceReport(Fact):
    """One device that a worker would use, and the job types on it."""

    name: str
    total_bytes: int
    usable_bytes: int
    types: tuple[TypeVerdict, ...]


class CheckReport(Fact):
    """The result of the check: a worker of this profile runs here if nothing blocks it and it takes any job type."""

    profile: str
    note: str
    machine: Machine
    models: tuple[ModelNeed, ...]
    devices: tuple[DeviceReport, ...]
    faults: Mapping[str, str]
    """Models whose files cannot be loaded, and why. A worker offers the others."""
    problems: tuple[str, ...]
    advice: tuple[str, ...]

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form; mypy has no decorated properties
    @property
    def runs(self) -> bool:
        """Return whether a worker of this profile runs here."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Findings:
    """What the check compares: the machine, the GPUs that workers would use, and what is known of the models."""

    machine: Machine
    gpus: Sequence[Gpu]
    models: Sequence[ModelNeed]
    faults: Mapping[str, str]
    """Models whose files cannot be loaded, and why."""
    footprints_on: FootprintsOn
    plannable_ram_bytes: int
    limit_bytes: int | None
    policy: Policy


def model_need(
    name: str, entry: ModelEntry, present_bytes: int, to_come_bytes: int | None, memory_bytes: int
) -> ModelNeed:
    """Describe a model of which `present_bytes` are on this machine.

    `to_come_bytes` is what is still missing if that is known apart from the entry's own size.
    """
    kind, source = describe(entry.source)
    return ModelNeed(
        name=name,
        comes_by=kind.value,
        source=source,
        revision=getattr(entry.source, "revision", None),
        vae=None if entry.vae is None else describe(entry.vae)[1],
        disk_bytes=entry.disk_bytes if to_come_bytes is None else present_bytes + to_come_bytes,
        present_bytes=present_bytes,
        memory_bytes=memory_bytes,
    )


def check_machine(profile: Profile, found: Findings) -> CheckReport:
    """Compare the needs with the machine."""
    devices = _devices(profile, found)
    problems = [
        *_package_problems(found.machine),
        *_device_problems(profile, found, devices),
        *_disk_problems(found),
    ]
    return CheckReport(
        profile=profile.name,
        note=profile.note,
        machine=found.machine,
        models=tuple(found.models),
        devices=tuple(devices),
        faults=dict(found.faults),
        problems=tuple(problems),
        advice=tuple(_advice(profile, found, devices)),
    )


def _devices(profile: Profile, found: Findings) -> list[DeviceReport]:
    kind = profile.devices[0]
    if kind == CPU:
        card = cpu_card(found.machine.ram_bytes, found.plannable_ram_bytes, 0, found.limit_bytes)
        return [_device(profile, card, found)]
    usable = [gpu for gpu in found.gpus if torch_problem(found.machine, gpu) is None]
    return [_device(profile, card_of(gpu, found.limit_bytes), found) for gpu in usable]


def _device(profile: Profile, card: Card, found: Findings) -> DeviceReport:
    surveyed = survey(profile, card, found.plannable_ram_bytes, found.footprints_on(card), found.policy)
    return DeviceReport(
        name=card.name,
        total_bytes=card.total_bytes,
        usable_bytes=card.usable_bytes,
        types=tuple(
            _verdict(job_type, entry, found.faults.get(entry.demand.model)) for job_type, entry in surveyed.items()
        ),
    )


def _verdict(job_type: str, surveyed: Surveyed, fault: str | None) -> TypeVerdict:
    demand, answer = surveyed.demand, surveyed.answer
    if fault is not None or isinstance(answer, Refusal):
        return TypeVerdict(
            job_type=job_type,
            model=demand.model,
            is_admitted=False,
            peak_bytes=answer.needed_bytes if isinstance(answer, Refusal) else answer.peak_bytes,
            reason=str(answer) if fault is None else fault,
        )
    return TypeVerdict(
        job_type=job_type,
        model=demand.model,
        is_admitted=True,
        placement=answer.placement.value,
        tiled=answer.tiled,
        batch=answer.batch,
        batch_ordered=demand.batch,
        peak_bytes=answer.peak_bytes,
        ram_bytes=answer.ram_bytes,
    )


def _package_problems(machine: Machine) -> list[str]:
    missing = [name for name, version in machine.packages.items() if version is None]
    return [f"missing packages: {', '.join(missing)} (install gpu-worker[torch])"] if missing else []


def _device_problems(profile: Profile, found: Findings, devices: Sequence[DeviceReport]) -> list[str]:
    if profile.devices[0] == CUDA and not found.gpus:
        return ["no CUDA GPU found: at full size a job would take hours on a CPU"]
    if not devices:
        problems = dict.fromkeys(torch_problem(found.machine, gpu) for gpu in found.gpus)
        return [problem for problem in problems if problem is not None]
    if not any(verdict.is_admitted for device in devices for verdict in device.types):
        if found.faults and len(found.faults) == len(found.models):
            return ["no model can be loaded"]
        return [f"no job type fits {' or '.join(dict.fromkeys(device.name for device in devices))}"]
    return []


def _disk_problems(found: Findings) -> list[str]:
    missing, machine = sum(model.missing_bytes for model in found.models), found.machine
    if missing <= machine.free_disk_bytes:
        return []
    return [f"{_gb(missing)} are still to be downloaded, but {machine.disk} has {_gb(machine.free_disk_bytes)} free"]


def _advice(profile: Profile, found: Findings, devices: Sequence[DeviceReport]) -> list[str]:
    if profile.devices[0] != CUDA:
        return []
    advice = [
        f"GPU {gpu.index} is not used: {problem}"
        for gpu in found.gpus
        if devices and (problem := torch_problem(found.machine, gpu)) is not None
    ]
    slow = [name for name, entry in profile.models.items() if entry.dtype is WeightType.BFLOAT16]
    advice += [
        f"the {name} computes bfloat16 by conversion, so {', '.join(slow)} will be slow"
        for name in dict.fromkeys(gpu.name for gpu in found.gpus if lacks_bfloat16(gpu))
        if slow and devices
    ]
    return advice + list(dict.fromkeys(line for device in devices for line in _about(device, found)))


def _about(device: DeviceReport, found: Findings) -> list[str]:
    moved = dict.fromkeys(
        verdict.model for verdict in device.types if verdict.placement not in (None, Placement.RESIDENT.value)
    )
    lines = [
        f"{model}: on the {device.name}, parts that are not in use leave it (offload), which is slower"
        for model in moved
    ]
    together = sum(model.memory_bytes for model in found.models)
    if together > device.usable_bytes:
        lines.append(f"all models together need {_gb(together)}: they take turns on the {device.name}")
    return lines


def _gb(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB"
