"""Maps workflows and collections to EmProps fields; no other module does."""

from datetime import datetime
from typing import Any

from darkroom_schemas.workflow import WorkflowType
from pydantic import BaseModel, Field

from platform_api.domain.library.collection import Collection
from platform_api.domain.library.workflow import Workflow
from platform_api.http.pagination import Pagination


class WorkflowItem(BaseModel):
    """A workflow in a list."""

    id: str
    name: str
    label: str
    type: WorkflowType
    description: str
    output_mime_type: str
    order: int
    built_in: bool
    require_api_keys: bool = Field(description="Whether the back end of a step requires a credential.")
    created_at: datetime


class WorkflowItemWithData(WorkflowItem):
    """A workflow in a list, with its definition."""

    data: Any


class WorkflowDetail(WorkflowItemWithData):
    """A workflow with its required models and custom nodes."""

    display: bool
    models: list[str]
    custom_nodes: list[str]


class WorkflowList(BaseModel):
    """A page of workflows, newest first; the built-in ones come last."""

    data: list[WorkflowItemWithData | WorkflowItem]
    error: None = None
    pagination: Pagination


class WorkflowAnswer(BaseModel):
    """One workflow."""

    data: WorkflowDetail
    error: None = None


class SocialLinkItem(BaseModel):
    """The person for whom a collection is held."""

    id: str
    social_org: str
    social_identifier: str
    miniapp_user_id: str | None


class CollectionItem(BaseModel):
    """A collection. The `reference` of a variable is the placeholder that it fills in the template."""

    id: str
    title: str
    description: str
    blockchain: str
    price: float
    editions: int
    status: str
    cover_image_url: str | None
    miniapp_cover_image: str | None
    cast_hash: str | None
    project_id: str
    is_custodial: bool
    custodied_for: str | None
    social_link: SocialLinkItem | None
    workflow: Any
    variables: Any
    component: Any
    created_at: datetime


class CollectionAnswer(BaseModel):
    """One collection."""

    data: CollectionItem
    error: None = None


class CollectionList(BaseModel):
    """A page of collections, newest first."""

    data: list[CollectionItem]
    error: None = None
    pagination: Pagination


def workflow_item(workflow: Workflow, *, with_data: bool) -> WorkflowItem:
    """Return a workflow as list item."""
    values = _workflow_values(workflow)
    return WorkflowItemWithData(**values, data=workflow.data) if with_data else WorkflowItem(**values)


def workflow_answer(workflow: Workflow) -> WorkflowAnswer:
    """Return the response for one workflow."""
    detail = WorkflowDetail(
        **_workflow_values(workflow),
        data=workflow.data,
        display=workflow.display,
        models=list(workflow.models),
        custom_nodes=list(workflow.custom_nodes),
    )
    return WorkflowAnswer(data=detail)


def collection_item(collection: Collection) -> CollectionItem:
    """Return a collection. Corrupted data is returned as stored."""
    link, data = collection.social_link, collection.data
    variables = data.get("variables")
    return CollectionItem(
        id=collection.id,
        title=collection.title,
        description=collection.description,
        blockchain=collection.blockchain,
        price=float(collection.price),
        editions=collection.editions,
        status=collection.status,
        cover_image_url=collection.cover_image_url,
        miniapp_cover_image=collection.miniapp_cover_image,
        cast_hash=collection.cast_hash,
        project_id=collection.project_id,
        is_custodial=link is not None,
        custodied_for=link.id if link else None,
        social_link=SocialLinkItem(
            id=link.id,
            social_org=link.social_org,
            social_identifier=link.social_identifier,
            miniapp_user_id=link.miniapp_user_id,
        )
        if link
        else None,
        workflow=data.get("workflow"),
        variables=[*map(_variable, variables)] if isinstance(variables, list) else variables,
        component=data.get("component"),
        created_at=collection.created_at,
    )


def _variable(variable: Any) -> Any:  # Any: corrupted data is returned as stored
    if not isinstance(variable, dict):
        return variable
    return variable | {"type": "prompt_editor", "reference": f"{{{{{variable.get('template_mapping')}}}}}"}


def _workflow_values(workflow: Workflow) -> dict[str, Any]:
    return {
        "id": workflow.id,
        "name": workflow.name,
        "label": workflow.label,
        "type": workflow.type,
        "description": workflow.description,
        "output_mime_type": workflow.output_mime_type,
        "order": workflow.order,
        "built_in": workflow.user_id is None,
        "require_api_keys": workflow.needs_credential,
        "created_at": workflow.created_at,
    }
