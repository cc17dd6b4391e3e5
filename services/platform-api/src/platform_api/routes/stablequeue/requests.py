"""What clients of StableQueue send to have something generated."""

from typing import Annotated, Any, Literal

from darkroom_schemas.payload import MAX_SEED
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr, field_validator

from platform_api.domain.generation import MAX_IMAGES, MAX_SIDE, MAX_STEPS, Generation
from platform_api.domain.plan_catalogue import MAX_PROMPT_CHARACTERS
from platform_api.routes.plain_json import check_small, check_storable


def _random_is_none(value: Any) -> Any:  # Any: whatever the client sent
    return None if value in ("", -1, "-1") else value


Prompt = Annotated[StrictStr, Field(max_length=MAX_PROMPT_CHARACTERS)]
Side = Annotated[int, Field(ge=64, le=MAX_SIDE, multiple_of=8)]
SeedOrRandom = Annotated[Annotated[int, Field(ge=0, le=MAX_SEED)] | None, BeforeValidator(_random_is_none)]
Word = Annotated[StrictStr, Field(max_length=200)]


class GenerationParams(BaseModel):
    """What to draw. Further members are kept with the job. An empty `seed`, or -1, is a random one."""

    model_config = ConfigDict(extra="allow")

    positive_prompt: Prompt
    negative_prompt: Prompt = ""
    checkpoint_name: Annotated[StrictStr, Field(max_length=500)] | None = Field(
        default=None, description="A model by path or file name, with `/` or `\\`."
    )
    width: Side | None = None
    height: Side | None = None
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)] | None = None
    cfg_scale: Annotated[float, Field(ge=0, le=30, allow_inf_nan=False)] | None = None
    sampler_name: Word | None = None
    scheduler: Word | None = None
    scheduler_or_quality_preset: Word | None = None
    seed: SeedOrRandom = None
    num_images: Annotated[int, Field(ge=1, le=MAX_IMAGES)] = 1
    restore_faces: StrictBool = False
    enable_hires_fix: StrictBool = False
    upscaler_model: Word | None = None
    refiner_model: Word | None = None
    style_preset: Word | None = None
    subseed: SeedOrRandom = None
    workflow: dict[str, dict[str, Any]] | None = Field(
        default=None, min_length=1, description="A ComfyUI graph in API format, for `app_type` comfyui."
    )


class GenerateRequest(BaseModel):
    """A job for a server."""

    model_config = ConfigDict(
        extra="forbid",
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

    target_server_alias: Annotated[StrictStr, Field(max_length=100)]
    generation_params: GenerationParams
    app_type: Literal["forge", "comfyui"] = "forge"
    source_info: Word = "extension"

    @field_validator("target_server_alias", "source_info", "generation_params")
    @classmethod
    def _can_be_kept(cls, value: Any) -> Any:  # Any: whichever of the fields
        check_storable(value.model_dump(mode="json") if isinstance(value, GenerationParams) else value)
        return value

    @field_validator("generation_params")
    @classmethod
    def _is_small(cls, value: GenerationParams) -> GenerationParams:
        check_small(value.model_dump(mode="json", exclude_unset=True))
        return value

    def generation(self, api_key_id: str | None) -> Generation:
        """Return what is asked, in our words."""
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
            images=params.num_images,
            checkpoint=params.checkpoint_name,
            restore_faces=params.restore_faces,
            hires=params.enable_hires_fix,
            upscaler=params.upscaler_model,
            refiner=params.refiner_model,
            style=params.style_preset,
            subseed=params.subseed,
            workflow=params.workflow,
            kept={
                "target_server_alias": self.target_server_alias,
                "source_info": self.source_info,
                "api_key_id": api_key_id,
                "generation_params": params.model_dump(mode="json", exclude_unset=True),
            },
        )
