"""Changes or removes a user's workflow. Jobs created from it are not affected."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from darkroom_schemas.ids import UserId

from platform_api.domain.errors import Forbidden, NotFound
from platform_api.domain.library.create_workflow import checked_workflow
from platform_api.domain.library.ports import LibraryChanges
from platform_api.domain.library.workflow import Workflow


async def change_workflow(
    name_or_id: str, user_id: UserId, changes: Mapping[str, Any], *, library: LibraryChanges
) -> Workflow:
    """Change fields of a workflow; raises `NotFound`, `Forbidden`, `InvalidParameter` or `AlreadyExists`."""
    changed = checked_workflow(replace(await _own(name_or_id, user_id, library), **changes))
    await library.replace_workflow(changed)
    return changed


async def remove_workflow(name_or_id: str, user_id: UserId, *, library: LibraryChanges) -> Workflow:
    """Remove a workflow and return it; raises `NotFound` or `Forbidden`."""
    workflow = await _own(name_or_id, user_id, library)
    await library.remove_workflow(workflow.id)
    return workflow


async def _own(name_or_id: str, user_id: UserId, library: LibraryChanges) -> Workflow:
    workflow = await library.workflow(user_id, name_or_id)
    if workflow is None:
        raise NotFound("workflow")
    if workflow.user_id is None:
        raise Forbidden("Built-in workflows are shared by all users and cannot be changed.")
    return workflow
