"""A profile: the same job types at the sizes and lengths that a machine can bear. Data, never a branch elsewhere."""

from darkroom_schemas.payload import Family, ImagePayload, PromptPayload, VideoPayload
from pydantic import BaseModel, ConfigDict, Field

from gpu_worker.models.registry import Models

AnyPayload = ImagePayload | VideoPayload | PromptPayload

_MULTIPLE_OF = {Family.SDXL: 8, Family.WAN_IMAGE: 16, Family.WAN_VIDEO: 16}
_SMALLEST_SIDE = 64


class Scale(BaseModel):
    """How one family's payloads shrink. `divisor` divides both sides, the caps cut steps and tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    divisor: float = Field(default=1.0, ge=1.0)
    max_steps: int = Field(default=200, ge=1)
    max_new_tokens: int = Field(default=4096, ge=1)


class Profile(BaseModel):
    """What a worker offers: its models, how it scales payloads, and on which devices it runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    note: str
    """What a person should know about its results."""
    devices: tuple[str, ...] = Field(min_length=1)
    """Kinds of device in order of preference: cuda, cpu."""
    capacity_gb: int | None = Field(default=None, ge=0)
    """Memory to advertise for matching; None means what the device has. A scaled job needs less than its type says."""
    scales: dict[Family, Scale] = Field(default_factory=dict)
    preload: tuple[str, ...] = ()
    """Models to make resident before the worker takes work."""
    models: Models

    def fit(self, payload: AnyPayload) -> AnyPayload:
        """Scale a payload to this profile. Frames and frame rate stay, so durations are always as ordered."""
        scale = self.scales.get(payload.family, Scale())
        if isinstance(payload, PromptPayload):
            return payload.model_copy(update={"max_new_tokens": min(payload.max_new_tokens, scale.max_new_tokens)})
        multiple = _MULTIPLE_OF[payload.family]
        return payload.model_copy(
            update={
                "width": _fit_side(payload.width, scale.divisor, multiple),
                "height": _fit_side(payload.height, scale.divisor, multiple),
                "steps": min(payload.steps, scale.max_steps),
            }
        )


def _fit_side(pixels: int, divisor: float, multiple: int) -> int:
    """Divide a side and round it to what the model can draw."""
    return max(_SMALLEST_SIDE, round(pixels / divisor / multiple) * multiple)
