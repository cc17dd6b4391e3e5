"""Profiles: which models a worker offers, and how far it scales payloads down to fit its machine."""

from darkroom_schemas.families import FAMILIES, known_families
from darkroom_schemas.payload import AnyPayload, ImagePayload, PromptPayload
from pydantic import BaseModel, ConfigDict, Field, field_validator

from gpu_worker.models.registry import Models

_MIN_SIDE_PX = 64


class Scale(BaseModel):
    """How payloads of one family are scaled. `divisor` divides width and height; `max_` fields are upper limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    divisor: float = Field(default=1.0, ge=1.0)
    multiple_of: int | None = Field(default=None, ge=1)
    """What width and height are rounded to, in pixels, if a model needs more than its family."""
    max_steps: int = Field(default=200, ge=1)
    max_new_tokens: int = Field(default=4096, ge=1)


class Profile(BaseModel):
    """The models, the scales and the devices of a worker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    note: str
    """What people should know about its results."""
    devices: tuple[str, ...] = Field(min_length=1)
    """Device kinds in order of preference: cuda, cpu."""
    capacity_gb: int | None = Field(default=None, ge=0)
    """VRAM in GiB to advertise; None means that of the device. A scaled job needs less than its job type states."""
    scales: dict[str, Scale] = Field(default_factory=dict)
    """By the family of the payload."""
    preload: tuple[str, ...] = ()
    """Models to obtain first, and to load before the first step that needs them."""
    models: Models

    @field_validator("scales")
    @classmethod
    def _are_of_known_families(cls, scales: dict[str, Scale]) -> dict[str, Scale]:
        if unknown := sorted(scales.keys() - FAMILIES.keys()):
            raise ValueError(f"must be of the families {known_families(FAMILIES)}, not {unknown[0]!r}")
        return scales

    def fit(self, payload: AnyPayload) -> AnyPayload:
        """Return a payload scaled to this profile. Frames and frame rate stay, so a video keeps its duration."""
        scale = self.scales.get(payload.family, Scale())
        if isinstance(payload, PromptPayload):
            return payload.model_copy(update={"max_new_tokens": min(payload.max_new_tokens, scale.max_new_tokens)})
        multiple = scale.multiple_of or FAMILIES[payload.family].multiple_of
        width, height = (_fit_side(side, scale.divisor, multiple) for side in (payload.width, payload.height))
        changes = {"width": width, "height": height, "steps": min(payload.steps, scale.max_steps)}
        if not isinstance(payload, ImagePayload) or payload.hires is None:
            return payload.model_copy(update=changes)
        wide, high = payload.final_size
        second = {
            "scale": None,
            "width": max(width, _fit_side(wide, scale.divisor, multiple)),
            "height": max(height, _fit_side(high, scale.divisor, multiple)),
            "steps": min(payload.hires.steps_after(payload.steps), scale.max_steps),
        }
        return payload.model_copy(update={**changes, "hires": payload.hires.model_copy(update=second)})


def on_cpu(profile: Profile) -> Profile:
    """Return the profile as it runs on a CPU: it advertises no GPU memory, unless it states a capacity of its own."""
    capacity = 0 if profile.capacity_gb is None else profile.capacity_gb
    return profile.model_copy(update={"devices": ("cpu",), "capacity_gb": capacity})


def without_unrequested(profile: Profile, requested: tuple[str, ...]) -> Profile:
    """Return the profile without the models with `on_request` that `requested` does not name."""
    models = {name: entry for name, entry in profile.models.items() if not entry.on_request or name in requested}
    return profile.model_copy(update={"models": models})


def _fit_side(pixels: int, divisor: float, multiple: int) -> int:
    """Divide a side in pixels and round it to a multiple that the model supports."""
    return max(_MIN_SIDE_PX, round(pixels / divisor / multiple) * multiple)
