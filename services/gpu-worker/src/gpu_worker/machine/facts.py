"""What is known about a machine: its GPUs, memory, disk and packages."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class Fact(BaseModel):
    """Base of facts: frozen, and plain JSON."""

    model_config = ConfigDict(frozen=True)


class Gpu(Fact):
    """A GPU, or a MIG instance of one, as the driver describes it."""

    index: int = 0
    name: str
    uuid: str = ""
    memory_bytes: int
    free_bytes: int
    driver: str = ""
    compute_capability: str = ""
    has_mig: bool = False

    def is_meant_by(self, device: str) -> bool:
        """Return whether a value of GPU_WORKER_DEVICE names this GPU: its index, its UUID, or the UUID's beginning."""
        if device.isdigit():
            return not self.uuid.startswith("MIG-") and self.index == int(device)
        return self.uuid.startswith(device)


class TorchBuild(Fact):
    """What the installed torch was built for: the versions of CUDA and of ROCm, None without."""

    cuda: str | None
    hip: str | None


class Machine(Fact):
    """Hardware and packages of this machine. A missing package has the version None."""

    gpus: tuple[Gpu, ...]
    ram_bytes: int
    free_disk_bytes: int
    disk: str
    packages: Mapping[str, str | None]
    torch: TorchBuild | None = None
