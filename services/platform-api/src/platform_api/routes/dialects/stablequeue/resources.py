"""`/api/v1/checkpoints` and `/api/v1/loras`: models for `generation_params`."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from platform_api.context import Ctx
from platform_api.domain.planning.checkpoints import checkpoints
from platform_api.domain.planning.loras import known_loras
from platform_api.http.auth import caller
from platform_api.http.query_parameters import KnownQueryRoute

router = APIRouter(tags=["servers"], dependencies=[Depends(caller)], route_class=KnownQueryRoute)


class ModelFile(BaseModel):
    """A model file; use `filename` as `checkpoint_name`, or as `name` of a LoRA."""

    filename: str
    relativePath: str = ""


@router.get("/api/v1/checkpoints", operation_id="list_checkpoints", summary="List checkpoints")
async def list_checkpoints(context: Ctx) -> list[ModelFile]:
    """List the models of the platform's own pipeline on live workers, the default first."""
    return [ModelFile(filename=name) for name in checkpoints(await context.jobs.fleet.live())]


@router.get("/api/v1/loras", operation_id="list_loras", summary="List LoRAs")
async def list_loras(context: Ctx) -> list[ModelFile]:
    """List the LoRAs on live workers with the platform's own pipeline."""
    return [ModelFile(filename=name) for name in known_loras(await context.jobs.fleet.live())]
