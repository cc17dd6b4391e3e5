"""Pictures to start from, and second passes, in requests."""

from typing import Annotated, Any, Protocol

from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.image_to_image import MAX_MASK_BLUR, MAX_SIDE, Upscaler
from pydantic import Field

from platform_api.domain.planning.image_to_image import ImageOptions
from platform_api.http.identifiers import Uuid
from platform_api.http.numbers import NotBoolean

Strength = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), NotBoolean]
MaskBlur = Annotated[int, Field(ge=0, le=MAX_MASK_BLUR), NotBoolean]
Side = Annotated[int, Field(ge=64, le=MAX_SIDE), NotBoolean]


class AssetFile(RequestBody):
    """An image of the user: an upload, or an output of a job."""

    asset_id: Uuid


class HiresPass(RequestBody):
    """A second pass at a larger size: `scale` times that of the first, 2 if absent, or `width` and `height`."""

    scale: Annotated[float, Field(ge=1, le=4, allow_inf_nan=False), NotBoolean] | None = None
    width: Side | None = None
    height: Side | None = None
    denoising_strength: Strength | None = Field(default=None, description="How far to leave the first pass; 0.7.")
    steps: Annotated[int, Field(ge=1, le=200), NotBoolean] | None = Field(
        default=None, description="Those of the first pass if absent. The denoising strength leaves out the first ones."
    )
    upscaler: Upscaler | None = Field(default=None, description="`latent` if absent.")


IMAGE_PROPERTIES: dict[str, Any] = {
    "init_image": AssetFile.model_json_schema(),
    "mask_image": AssetFile.model_json_schema(),
    "mask_blur": {"type": "integer", "minimum": 0, "maximum": MAX_MASK_BLUR},
    "denoising_strength": {"type": "number", "minimum": 0, "maximum": 1},
    "hires": HiresPass.model_json_schema(),
}
"""JSON Schema of the options, by their names."""


class _Options(Protocol):
    @property
    def init_image(self) -> AssetFile | None: ...
    @property
    def mask_image(self) -> AssetFile | None: ...
    @property
    def mask_blur(self) -> int | None: ...
    @property
    def denoising_strength(self) -> float | None: ...
    @property
    def hires(self) -> HiresPass | None: ...


def image_options(asked: _Options) -> ImageOptions:
    """Return the options as plans have them."""
    files = {"init_image": asked.init_image, "mask_image": asked.mask_image}
    settings = {
        "mask_blur": asked.mask_blur,
        "denoising_strength": asked.denoising_strength,
        "hires": None if asked.hires is None else asked.hires.model_dump(exclude_none=True),
    }
    return ImageOptions(
        {name: file.model_dump() for name, file in files.items() if file is not None},
        {name: value for name, value in settings.items() if value is not None},
    )
