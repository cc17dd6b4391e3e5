"""Finds the collection and the workflow of a generation, and plans it."""

from collections.abc import Sequence
from typing import Any

from darkroom_schemas.ids import UserId
from darkroom_schemas.worker import Capabilities

from platform_api.domain.errors import CollectionCorrupted, InvalidParameter, NotFound
from platform_api.domain.library.collection import Collection, data_of
from platform_api.domain.library.plan_collection import plan_generation
from platform_api.domain.library.ports import Library
from platform_api.domain.library.workflow import FLEXIBLE_PROMPT, Workflow
from platform_api.domain.planning.plan import Plan


async def plan_for(
    collection_id: str,
    user_id: UserId,
    variables: dict[str, Any],
    *,
    workflow_id: str | None,
    priority: int,
    library: Library,
    live: Sequence[Capabilities] = (),
) -> Plan:
    """Plan a job from a collection, with the requested workflow or the collection's own.

    Raises `NotFound`, `InvalidParameter` or `CollectionCorrupted`.
    """
    collection = await library.collection(user_id, collection_id)
    if collection is None:
        raise NotFound("collection")
    workflow = await _workflow(collection, user_id, workflow_id, library)
    return plan_generation(collection, workflow, variables, priority, live)


async def _workflow(collection: Collection, user_id: UserId, asked: str | None, library: Library) -> Workflow:
    data = data_of(collection)
    if asked is not None:
        workflow = await library.workflow(user_id, asked)
        if workflow is None:
            raise InvalidParameter("workflow_id", "must be the id or name of your own workflow or of a built-in one")
        return workflow
    name = data.workflow or (FLEXIBLE_PROMPT if data.component else None)
    if name is None:
        raise InvalidParameter("workflow_id", "is required, because the collection names no workflow")
    workflow = await library.workflow(user_id, name)
    if workflow is None:
        raise CollectionCorrupted(collection.id, {"data.workflow": f"the workflow {name!r} does not exist"})
    return workflow
