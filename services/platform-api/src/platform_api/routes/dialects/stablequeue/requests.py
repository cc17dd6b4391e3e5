"""Generation requests of StableQueue clients."""

from typing import Annotated, Any

from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import Text, storable_json
from darkroom_schemas.payload import MAX_CLIP_SKIP
from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, field_validator, model_validator

from platform_api.domain.planning.from_catalogue import MAX_PROMPT_CHARACTERS
from platform_api.domain.planning.generation import MAX_IMAGES, MAX_SIDE, MAX_STEPS, PARAMS, Generation, is_chosen
from platform_api.domain.planning.generation_members import ignored
from platform_api.http.job_parameters import check_small
from platform_api.http.job_webhook import WithWebhook
from platform_api.http.loras import LoraList, choices
from platform_api.http.numbers import NotBoolean, SeedOrRandom

Prompt = Annotated[Text, Field(max_length=MAX_PROMPT_CHARACTERS)]
Side = Annotated[int, Field(ge=64, le=MAX_SIDE, multiple_of=8), NotBoolean]
Steps = Annotated[int, Field(ge=1, le=MAX_STEPS), NotBoolean]
CfgScale = Annotated[float, Field(ge=0, le=30, allow_inf_nan=False), NotBoolean]


def _none_if_off(value: Any) -> Any:  # Any: whatever the client sent
    """Return None for values that turn a feature off, which clients send as part of their complete forms."""
    if isinstance(value, str):
        return value if is_chosen(value) else None
    return None if value in (None, False, 0) or value in ([], {}) else value


def _empty_if_off(value: Any) -> Any:  # Any: whatever the client sent
    """Return no items for values that turn a feature off."""
    return () if _none_if_off(value) is None else value


ClipSkip = Annotated[int, Field(ge=1, le=MAX_CLIP_SKIP), NotBoolean]
Count = Annotated[int, Field(ge=1, le=MAX_IMAGES), NotBoolean]
Word = Annotated[Text, Field(max_length=200)]
Graph = Annotated[dict[str, dict[str, Any]], Field(min_length=1, max_length=1000), BeforeValidator(storable_json)]
AppType = Annotated[Text, Field(min_length=1, max_length=64)]


class OverrideSettings(RequestBody):
    """Settings of A1111 for one request."""

    CLIP_stop_at_last_layers: ClipSkip | None = None


class GenerationParams(RequestBody):
    """What to generate. Undeclared members are stored with the job; those that would change the picture are rejected.

    `seed`: empty or -1 requests a random one.
    """

    model_config = ConfigDict(extra="allow")

    positive_prompt: Prompt
    negative_prompt: Prompt | None = None
    checkpoint_name: Annotated[Text, Field(max_length=500)] | None = Field(
        default=None, description="A model by path, file name or hash, with `/` or `\\`. Unknown: the default is used."
    )
    width: Side | None = None
    height: Side | None = None
    steps: Steps | None = None
    cfg_scale: CfgScale | None = None
    sampler_name: Word | None = None
    scheduler: Word | None = None
    scheduler_or_quality_preset: Word | None = None
    seed: SeedOrRandom = None
    num_images: Count | None = None
    batch_size: Count | None = Field(default=None, description="Multiplied by `n_iter`, the number of images.")
    n_iter: Count | None = Field(default=None, description="Multiplied by `batch_size`, the number of images.")
    restore_faces: StrictBool | None = None
    enable_hires_fix: StrictBool | None = None
    upscaler_model: Word | None = None
    refiner_model: Word | None = None
    style_preset: Word | None = None
    subseed: SeedOrRandom = None
    clip_skip: Annotated[ClipSkip | None, BeforeValidator(_none_if_off)] = Field(
        default=None, description="Layer of the text encoders from the end. Absent, 1 or 2: SDXL's usual one."
    )
    loras: Annotated[LoraList, BeforeValidator(_empty_if_off)] = Field(
        default=(), description="LoRAs to apply, as tags in the prompt do; `GET /api/v1/loras` lists them."
    )
    override_settings: Annotated[OverrideSettings | None, BeforeValidator(_none_if_off)] = Field(
        default=None, description="A1111's form of `clip_skip`; other settings are not supported."
    )
    workflow: Graph | None = Field(default=None, description="A ComfyUI graph in API format, for `app_type` comfyui.")

    @property
    def images(self) -> int:
        """Return the number of requested images, from `num_images` or `batch_size` × `n_iter`."""
        return max(self.num_images or 1, (self.batch_size or 1) * (self.n_iter or 1))

    @property
    def skipped(self) -> int | None:
        """Return the clip skip, from either of its two members."""
        override = self.override_settings
        return self.clip_skip or (override.CLIP_stop_at_last_layers if override else None)

    @model_validator(mode="after")
    def _clip_skips_agree(self) -> "GenerationParams":
        override = self.override_settings.CLIP_stop_at_last_layers if self.override_settings else None
        if self.clip_skip and override and self.clip_skip != override:
            raise ValueError(f"`clip_skip` is {self.clip_skip}, but `CLIP_stop_at_last_layers` is {override}")
        return self

    @model_validator(mode="after")
    def _counts_agree(self) -> "GenerationParams":
        batches = (self.batch_size or 1) * (self.n_iter or 1)
        if batches > MAX_IMAGES:
            raise ValueError(f"`batch_size` times `n_iter` must be at most {MAX_IMAGES}, is {batches}")
        if batches > 1 and (self.num_images or 1) not in {1, batches}:
            raise ValueError(f"`num_images` is {self.num_images}, but `batch_size` times `n_iter` is {batches}")
        return self


class StableQueueRequest(WithWebhook):
    """A job for a server. Undeclared members are stored with the job."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "app_type": "forge",
                    "target_server_alias": "Main",
                    "generation_params": {"positive_prompt": "a beautiful landscape", "width": 512, "height": 512},
                    "source_info": "forge_extension_v1.0.0",
                }
            ]
        },
    )

    target_server_alias: Annotated[Text, Field(max_length=100)]
    generation_params: GenerationParams
    app_type: AppType = Field(
        default="forge", description="`forge` or `comfyui` selects the back end; other values are stored as sent."
    )
    source_info: Word = "extension"

    @field_validator("generation_params")
    @classmethod
    def _is_storable(cls, value: GenerationParams) -> GenerationParams:
        storable_json(value.model_extra)
        check_small(value.model_dump(mode="json", exclude_unset=True))
        return value

    @model_validator(mode="after")
    def _further_members_are_storable(self) -> "StableQueueRequest":
        check_small(storable_json(self.model_extra))
        return self

    @property
    def ignored(self) -> list[str]:
        """Return the names of the members that have no effect."""
        params = self.generation_params.model_extra or {}
        return [*ignored(self.model_extra or {}, ""), *ignored(params, PARAMS)]

    def generation(self, api_key_id: str | None) -> Generation:
        """Return the request, independent of the dialect."""
        params = self.generation_params
        return Generation(
            app_type=self.app_type,
            server_alias=self.target_server_alias,
            prompt=params.positive_prompt,
            negative_prompt=params.negative_prompt,
            width=params.width,
            height=params.height,
            steps=params.steps,
            cfg_scale=params.cfg_scale,
            sampler=params.sampler_name,
            scheduler=params.scheduler or params.scheduler_or_quality_preset,
            seed=params.seed,
            images=params.images,
            checkpoint=params.checkpoint_name,
            restore_faces=bool(params.restore_faces),
            hires=bool(params.enable_hires_fix),
            upscaler=params.upscaler_model,
            refiner=params.refiner_model,
            style=params.style_preset,
            subseed=params.subseed,
            clip_skip=params.skipped,
            loras=choices(params.loras),
            workflow=params.workflow,
            members=params.model_extra or {},
            other_members=self.model_extra or {},
            stored={
                "target_server_alias": self.target_server_alias,
                "source_info": self.source_info,
                "api_key_id": api_key_id,
                "generation_params": params.model_dump(mode="json", exclude_unset=True),
                "other_members": self.model_extra or {},
            },
        )
