"""Definitions of workflows and collections, as they are sent and kept. Templates name `{{variables}}`."""

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
    """How a workflow's `data` is read."""

    BASIC = "basic"
    COMFY_WORKFLOW = "comfy_workflow"
    FETCH_API = "fetch_api"
    DIRECT_JOB = "direct_job"
    DYNAMIC_JSON = "dynamic_json"


class StepDefinition(Request):
    """One step: a job type, its payload as a template, and the numbers of the steps it needs (default: the one before).

    Besides its type's own requirements it may need models, custom nodes, tags, memory, or one back end by name.
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
    """`basic`: any steps, in order or as their `needs` say."""

    steps: tuple[StepDefinition, ...] = Field(min_length=1, max_length=MAX_STEPS)


class ComfyDefinition(Request):
    """`comfy_workflow`: one ComfyUI graph in its API format."""

    workflow: Graph
    max_outputs: int = Field(default=1, ge=1, le=64)


class FetchDefinition(Request):
    """`fetch_api`: one HTTP request."""

    url: Annotated[Text, Field(max_length=4_000)]
    method: Annotated[Text, Field(max_length=200)] = "GET"
    headers: Template = Field(default_factory=dict)
    body: Any = None
    select: Annotated[Text, Field(max_length=1_000)] | None = None


class DirectDefinition(Request):
    """`direct_job`: one step. Without a payload, the variables are the payload.

    Without a job type, the collection's component says what is made.
    """

    job_type: Line | None = None
    payload: Template | None = None


class DynamicDefinition(Request):
    """`dynamic_json`: one step, whose payload is a template."""

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
    """What whoever generates from a collection may choose. Its value takes the place of `{{template_mapping}}`.

    Without `is_customizable`, options are all there is to choose from; the first of them is the default.
    """

    name: Line
    template_mapping: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")]
    options: tuple[Line, ...] = Field(default=(), max_length=200)
    is_selectable: bool = False
    is_customizable: bool = False


class Component(Wire):
    """What a simple collection makes: a job type with a template of its payload."""

    type: Literal["dynamic_json"] = "dynamic_json"
    job_type: Line
    template: Template


class CollectionData(Wire):
    """The part of a collection that generation reads."""

    workflow: str | None = None
    """Name or id."""
    variables: tuple[Variable, ...] = ()
    component: Component | None = None
