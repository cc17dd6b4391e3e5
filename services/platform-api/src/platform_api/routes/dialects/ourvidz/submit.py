"""`POST /api/queue-job`."""

from dataclasses import replace
from typing import Annotated, Any

from darkroom_chassis.validation import MAX_NAME, printable, similar_name
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import JsonValue, Text, storable_json
from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, field_validator, model_validator

from platform_api.context import Ctx
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.from_catalogue import MAX_PROMPT_CHARACTERS, JobRequest, plan_job
from platform_api.domain.planning.plan import Plan
from platform_api.http.auth import CurrentUser
from platform_api.http.errors import invalid
from platform_api.http.fast_path import FastRoute
from platform_api.http.image_options import AssetFile, HiresPass, MaskBlur, Strength, image_options
from platform_api.http.job_parameters import check_small
from platform_api.http.job_webhook import WithWebhook
from platform_api.http.loras import LoraList, choices
from platform_api.http.numbers import SeedOrRandom
from platform_api.http.requests import IdempotencyHeader, answered, keyed
from platform_api.http.submission import submit
from platform_api.routes.dialects.ourvidz.mapping import QueueJobAnswer, queue_job_answer

router = APIRouter(tags=["jobs"], route_class=FastRoute)
Prompt = Annotated[Text, Field(max_length=MAX_PROMPT_CHARACTERS)]
Reference = Annotated[Text, Field(max_length=200)]


class QueueJobMetadata(RequestBody):
    """What to generate. Undeclared members are stored with the job."""

    model_config = ConfigDict(extra="allow")

    prompt: Prompt | None = None
    negative_prompt: Prompt | None = Field(default=None, description="Absent: the default of the model. Empty: none.")
    seed: SeedOrRandom = Field(
        default=None, description="Seed of the first image; each further image adds 1. Absent, empty or -1: random."
    )
    loras: LoraList = Field(default=(), description="For SDXL types: LoRAs to apply, as tags in the prompt do.")
    init_image: AssetFile | None = Field(
        default=None, description="For SDXL types: the picture to start from, cropped to the job type's size."
    )
    mask_image: AssetFile | None = Field(
        default=None, description="Where to draw over the `init_image`: white is drawn, black stays."
    )
    mask_blur: MaskBlur | None = Field(
        default=None, description="Softens the edge of the mask, in pixels; 4 if absent."
    )
    denoising_strength: Strength | None = Field(
        default=None, description="How far to leave the `init_image`, from 0 to 1; 0.75 if absent."
    )
    hires: HiresPass | None = Field(default=None, description="For SDXL types: a second pass at a larger size.")
    credits: JsonValue = Field(default=None, description="Ignored: the job type determines the price.")
    bucket: Annotated[Text, Field(max_length=200)] | None = Field(
        default=None, description="Must be the bucket of the job type, which is the default."
    )

    @model_validator(mode="after")
    def _is_storable(self) -> "QueueJobMetadata":
        check_small(storable_json(self.model_extra))
        return self


class QueueJobRequest(WithWebhook):
    """A job to queue."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"jobType": "sdxl_image_fast", "metadata": {"prompt": "a lighthouse at dawn", "seed": 41}}]
        },
    )

    jobType: Annotated[Text, Field(max_length=200)] = Field(description="A name from GET /api/job-types.")
    metadata: QueueJobMetadata = Field(default_factory=QueueJobMetadata)
    projectId: Reference | None = None
    videoId: Reference | None = None
    imageId: Reference | None = None

    @field_validator("metadata", mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any) -> Any:  # Any: whatever the client sent
        return {} if value is None else value


@router.post(
    "/api/queue-job",
    operation_id="queue_job",
    summary="Queue a job",
    response_model=QueueJobAnswer,
    responses={
        400: {"description": "Unknown job type (with `valid_job_types`), or a field is not valid"},
        401: {"description": "The credential is missing or not valid"},
        402: {"description": "Not enough credits"},
        409: {"description": "The first request with this Idempotency-Key is still in progress"},
        422: {"description": "The Idempotency-Key was used with another request"},
        503: {"description": "The queue is full; see Retry-After"},
    },
)
async def queue_job(
    body: QueueJobRequest, context: Ctx, user_id: CurrentUser, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Accept a job, reserve its credits and queue its steps. With an Idempotency-Key, retries are safe."""
    metadata = body.metadata
    references = body.model_dump(include={"projectId", "videoId", "imageId"}, exclude_none=True)
    request = JobRequest(
        job_type=body.jobType,
        prompt=metadata.prompt or "",
        negative_prompt=metadata.negative_prompt,
        seed=metadata.seed,
        loras=choices(metadata.loras),
        image=image_options(metadata),
        extra={**(metadata.model_extra or {}), **references},
    )
    idempotency = keyed(idempotency_key, "/api/queue-job", body)

    async def plan() -> Plan:
        planned = plan_job(request, await context.jobs.fleet.live())
        _check_bucket(metadata.bucket, planned)
        return replace(planned, notices=(*planned.notices, *_missing_prompt_notice(metadata)))

    try:
        answer = await submit(
            context,
            plan,
            user_id=user_id,
            idempotency=idempotency,
            render=queue_job_answer,
            webhook=body.job_webhook,
        )
    except InvalidParameter as error:
        name = error.name.rpartition(".payload.")[2]  # of a file that turned out not to be there
        raise invalid(f"metadata.{name}", error.message) from None
    return answered(answer)


def _missing_prompt_notice(metadata: QueueJobMetadata) -> tuple[str, ...]:
    """Return a notice if the prompt is missing, which OurVidz allows, with the member that may be meant as prompt."""
    if metadata.prompt and not metadata.prompt.isspace():
        return ()
    lack = "missing" if metadata.prompt is None else "empty"
    meant = similar_name("prompt", [name for name, value in (metadata.model_extra or {}).items() if value])
    hint = f"; did you mean `{printable(meant, MAX_NAME)}`?" if meant else "."
    return (f"The job has no prompt: `metadata.prompt` is {lack}{hint}",)


def _check_bucket(asked: str | None, planned: Plan) -> None:
    bucket = planned.parameters["bucket"]
    if asked and asked != bucket:
        raise InvalidParameter("bucket", f"must be {bucket}, the bucket of the job type, not {asked[:64]!r}")
