"""Definitions of workflows and collections, as sent and stored. Templates contain placeholders `{{name}}`."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from darkroom_schemas.base import Request, Wire
from darkroom_schemas.fields import Line, Text

MAX_STEPS, MAX_NODES = 100, 5_000
Names = Annotated[tuple[Line, ...], Field(max_length=50)]
Template = Annotated[dict[str, Any], Field(max_length=1_000)]
Graph = Annotated[dict[str, dict[str, Any]], Field(min_length=1, max_length=MAX_NODES)]


class WorkflowType(StrEnum):
    """Type of a workflow, which determines the format of its `data`."""

    BASIC = "basic"
    COMFY_WORKFLOW = "comfy_workflow"
    FETCH_API = "fetch_api"
    DIRECT_JOB = "direct_job"
    DYNAMIC_JSON = "dynamic_json"


class StepDefinition(Request):
    """A step: a job type, a template of its payload, and the numbers of required steps (default: the previous one).

    In addition to its type's requirements it may require models, custom nodes, tags, memory, or a back end by name.
    """

    job_type: Line
    payload: Template = Field(default_factory=dict)
    needs: Annotated[tuple[Annotated[int, Field(ge=0, lt=MAX_STEPS)], ...], Field(max_length=MAX_STEPS)] | None = None
    models: Names = ()
    custom_nodes: Names = ()
    tags: Names = ()
    vram_gb: int = Field(default=0, ge=0, le=1024)
    backend: Line | None = None


class BasicDefinition(Request):
    """`basic`: any steps, in order or as defined by their `needs`."""

    steps: tuple[StepDefinition, ...] = Field(min_length=1, max_length=MAX_STEPS)


class ComfyDefinition(Request):
    """`comfy_workflow`: one ComfyUI graph in its API format."""

    workflow: Graph
    max_outputs: int = Field(default=1, ge=1, le=64)


class FetchDefinition(Request):
    """`fetch_api`: one HTTP request; docs/back-ends.md describes the fields."""

    url: Annotated[Text, Field(max_length=4_000)]
    method: Annotated[Text, Field(max_length=200)] = "GET"
    headers: Template = Field(default_factory=dict)
    body: Any = None
    select: Annotated[Text, Field(max_length=1_000)] | None = None
    credential: Line | None = None
    poll: Template | None = None
    stream: bool = False
    store: bool = False
    max_outputs: int = Field(default=1, ge=1, le=16)


class DirectDefinition(Request):
    """`direct_job`: one step. Without `payload`, the variables are the payload.

    Without `job_type`, the collection's component defines it.
    """

    job_type: Line | None = None
    payload: Template | None = None


class DynamicDefinition(Request):
    """`dynamic_json`: one step with a template of its payload."""

    job_type: Line
    template: Template


DEFINITIONS: dict[WorkflowType, type[Request]] = {
    WorkflowType.BASIC: BasicDefinition,
    WorkflowType.COMFY_WORKFLOW: ComfyDefinition,
    WorkflowType.FETCH_API: FetchDefinition,
    WorkflowType.DIRECT_JOB: DirectDefinition,
    WorkflowType.DYNAMIC_JSON: DynamicDefinition,
}
"""The model of each type's `data`."""


class Variable(Wire):
    """A choice of a generation from a collection. Its value replaces `{{template_mapping}}`.

    Unless `is_customizable`, the value must be one of `options`. The first option is the default.
    """

    name: Line
    template_mapping: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")]
    options: tuple[Line, ...] = Field(default=(), max_length=200)
    is_selectable: bool = False
    is_customizable: bool = False


class Component(Wire):
    """Output of a simple collection: a job type with a template of its payload."""

    type: Literal["dynamic_json"] = "dynamic_json"
    job_type: Line
    template: Template


class CollectionData(Wire):
    """The part of a collection that generations use."""

    workflow: str | None = None
    """Name or id."""
    variables: tuple[Variable, ...] = ()
    component: Component | None = None
