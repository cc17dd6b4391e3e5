"""What a step demands of memory, and the answer: a plan, or a refusal with numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gpu_worker.domain.memory.footprint import Footprint, Shape, StageName
from gpu_worker.domain.memory.placement import Placement

GIGABYTE = 1_000_000_000


class Offload(StrEnum):
    """Whether components may leave the card: when they must, never, or always."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's settings. `tiling` decodes in tiles even where a whole decode fits."""

    offload: Offload = Offload.AUTO
    tiling: bool = False
    max_batch: int = 64


@dataclass(frozen=True, slots=True)
class Demand:
    """One step's model and the shapes of its stages. A batch may be split; everything else may not."""

    model: str
    footprint: Footprint
    shapes: Mapping[StageName, Shape]
    is_loaded: bool = False
    """Whether the weights have been read already; a load passes them through main memory."""

    def __post_init__(self) -> None:
        """Raise ValueError for a step without stages, of which no peak is known."""
        if not self.shapes:
            raise ValueError(f"a demand on {self.model!r} without the shape of any stage")

    def ram_bytes(self, kept_bytes: int) -> int:
        """Return the main memory that the step needs: what stays there, or the weights that its load passes through."""
        return kept_bytes if self.is_loaded else max(kept_bytes, self.footprint.weights_bytes)

    @property
    def batch(self) -> int:
        """Return the images that are denoised at once if memory allows."""
        return self.shapes[StageName.DENOISE].batch if StageName.DENOISE in self.shapes else 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How a step runs. `evict` names the loaded models that leave first, in order."""

    placement: Placement
    tiled: bool
    batch: int
    peak_bytes: int
    """Device memory at the largest stage, with the reserve and without other models."""
    device_bytes: int
    """Weights that stay on the card afterwards."""
    ram_bytes: int
    """Weights that stay in main memory."""
    evict: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step cannot run. Bytes are those of the card, or of main memory if `reason` names it."""

    needed_bytes: int
    free_bytes: int
    reason: str

    def __str__(self) -> str:
        return f"{self.reason}: {_gb(self.needed_bytes)} needed, {_gb(self.free_bytes)} free"


def _gb(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB"
