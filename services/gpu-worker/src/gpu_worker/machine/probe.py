"""Reads the packages, GPUs and disk of this machine without importing torch."""

import ast
import os
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from gpu_worker.machine.facts import Gpu, Machine, TorchBuild

_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "av", "pillow")
_MEBIBYTE = 1024 * 1024
_DRIVER_TIMEOUT_S = 20.0
_MAX_GPUS = 64
_COLUMNS = "index,name,uuid,memory.total,memory.free,driver_version,compute_cap,mig.mode.current"

_GPU_LINE = re.compile(r"GPU \d+: .*\(UUID: (?P<uuid>GPU-[0-9a-fA-F-]+)\)")
_MIG_LINE = re.compile(r"\s+MIG (?P<profile>\S+)\s+Device\s+\d+: \(UUID: (?P<uuid>MIG-[0-9a-zA-Z/-]+)\)")
_MIG_GB = re.compile(r"\.(\d+)gb")


def probe_machine(disk: Path, ram_bytes: int) -> Machine:
    """Describe this machine. `disk` is the folder for models; it need not exist."""
    place = next(folder for folder in (disk, *disk.parents) if folder.exists())
    return Machine(
        gpus=probe_gpus(),
        ram_bytes=ram_bytes,
        free_disk_bytes=shutil.disk_usage(place).free,
        disk=str(disk),
        packages={name: _version(name) for name in _PACKAGES},
        torch=_torch_build(),
    )


def probe_gpus() -> tuple[Gpu, ...]:
    """Return the driver's GPUs in the order of `nvidia-smi -L`; MIG instances replace their GPU. Empty without any."""
    gpus = parse_gpus(_driver(f"--query-gpu={_COLUMNS}", "--format=csv,noheader,nounits"))
    return split_by_mig(gpus, _driver("-L")) if any(gpu.has_mig for gpu in gpus) else gpus


def parse_gpus(table: str) -> tuple[Gpu, ...]:
    """Parse the driver's table; memory is in MiB. A line that is not of the expected form is left out."""
    gpus = []
    for line in table.splitlines()[:_MAX_GPUS]:
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) < 8 or not (cells[0].isdigit() and cells[-5].isdigit()):
            continue
        index, *name, uuid, total, free, driver, capability, mig = cells
        gpus.append(
            Gpu(
                index=int(index),
                name=", ".join(name),
                uuid=uuid,
                memory_bytes=int(total) * _MEBIBYTE,
                free_bytes=int(free if free.isdigit() else total) * _MEBIBYTE,
                driver=driver,
                compute_capability=capability,
                has_mig=mig == "Enabled",
            )
        )
    return tuple(gpus)


def split_by_mig(gpus: tuple[Gpu, ...], listing: str) -> tuple[Gpu, ...]:
    """Replace each GPU in MIG mode by its instances. `listing` is the answer of `nvidia-smi -L`."""
    instances: dict[str, list[Gpu]] = {}
    by_uuid = {gpu.uuid: gpu for gpu in gpus}
    owner: Gpu | None = None
    for line in listing.splitlines():
        if found := _GPU_LINE.match(line):
            owner = by_uuid.get(found["uuid"])
        elif (found := _MIG_LINE.match(line)) and owner is not None:
            instances.setdefault(owner.uuid, []).append(_instance(owner, found["profile"], found["uuid"]))
    return tuple(part for gpu in gpus for part in (instances.get(gpu.uuid, []) if gpu.has_mig else [gpu]))


def _instance(owner: Gpu, profile: str, uuid: str) -> Gpu:
    # The driver's table has no memory of instances; their profile's name has it in GB: 3g.40gb.
    size = _MIG_GB.search(profile)
    memory = int(size[1]) * 1_000_000_000 if size else 0
    name = f"{owner.name} MIG {profile}"
    return owner.model_copy(update={"name": name, "uuid": uuid, "memory_bytes": memory, "free_bytes": memory})


def _driver(*arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["nvidia-smi", *arguments], capture_output=True, text=True, timeout=_DRIVER_TIMEOUT_S, check=True,
            env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return answer.stdout


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _torch_build() -> TorchBuild | None:
    """Read what torch was built for from its `version.py`, since importing torch takes seconds and a CUDA library."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return None
    try:
        return parse_torch_version((Path(found.origin).parent / "version.py").read_text())
    except (OSError, SyntaxError, ValueError):
        return TorchBuild(cuda=None, hip=None)


def parse_torch_version(source: str) -> TorchBuild:
    """Return the values of `cuda` and `hip` in the text of `torch/version.py`; raises SyntaxError or ValueError."""
    values: dict[str, str | None] = {"cuda": None, "hip": None}
    for node in ast.parse(source).body:
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        if isinstance(target, ast.Name) and target.id in values and isinstance(node, (ast.Assign, ast.AnnAssign)):
            value = None if node.value is None else ast.literal_eval(node.value)
            values[target.id] = None if value is None else str(value)
    return TorchBuild(**values)
