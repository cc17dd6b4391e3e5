"""`POST /api/assets/{id}/replay`: draws an asset again, so that the caller can compare the two."""

from darkroom_schemas.job import JobView
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound, NotReplayable
from platform_api.domain.planning.from_asset import plan_replay
from platform_api.domain.planning.plan import Plan
from platform_api.http.auth import CurrentUser
from platform_api.http.job_webhook import WithWebhook
from platform_api.http.requests import AnyContentTypeRoute, AssetIdPath, IdempotencyHeader, answered, keyed
from platform_api.http.submission import Prospects, submit

router = APIRouter(tags=["assets"], route_class=AnyContentTypeRoute)


class ReplayRequest(WithWebhook):
    """How to replay an asset."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"whole_batch": True}]})

    whole_batch: StrictBool = Field(
        default=False,
        description="Draw all pictures of the asset's batch again and pay for all. Required for equal bytes if the "
        "batch had several: in a batch of another size, pixels may differ by 1/255.",
    )


class ReplayAnswer(BaseModel):
    """The job that draws the asset again."""

    success: bool = True
    job_id: str
    asset_id: str = Field(description="The asset that is replayed.")
    index: int = Field(description="Index, in the job, of the output to compare the asset with.")
    notices: list[str] = Field(description="Reasons why the job will wait.")


@router.post(
    "/api/assets/{asset_id}/replay",
    operation_id="replay_asset",
    summary="Replay an asset",
    response_model=ReplayAnswer,
    responses={
        402: {"description": "Not enough credits"},
        404: {"description": "No such asset, or it belongs to another user"},
        409: {"description": "The asset has no recipe"},
        422: {"description": "The Idempotency-Key was used with another request"},
        503: {"description": "The queue is full; see Retry-After"},
    },
)
async def replay(
    asset_id: AssetIdPath,
    context: Ctx,
    user_id: CurrentUser,
    body: ReplayRequest | None = None,
    idempotency_key: IdempotencyHeader = None,
) -> Response:
    """Submit a job that runs the asset's step again, at its price. Compare the `sha256` of the two, then the pixels."""
    asked = body or ReplayRequest()
    asset = await context.assets.reads.get(asset_id)
    if asset is None or asset.user_id != user_id:
        raise NotFound("asset")
    index = asset.output_index if asked.whole_batch else 0

    async def plan() -> Plan:
        if asset.job_id is None:
            raise NotReplayable(asset.id)
        return plan_replay(asset, await context.assets.reads.origin(asset), whole_batch=asked.whole_batch)

    def render(job: JobView, prospects: Prospects) -> str:
        answer = ReplayAnswer(job_id=job.id, asset_id=asset_id, index=index, notices=list(prospects.notices))
        return answer.model_dump_json()

    idempotency = keyed(idempotency_key, f"/api/assets/{asset_id}/replay", asked)
    answer = await submit(
        context, plan, user_id=user_id, idempotency=idempotency, render=render, webhook=asked.job_webhook
    )
    return answered(answer)
