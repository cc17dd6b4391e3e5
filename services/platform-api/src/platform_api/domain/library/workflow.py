"""Workflows: named definitions of a job's steps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from darkroom_schemas.base import Request
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.ids import UserId
from darkroom_schemas.workflow import (
    DEFINITIONS,
    BasicDefinition,
    ComfyDefinition,
    DirectDefinition,
    DynamicDefinition,
    FetchDefinition,
    StepDefinition,
    WorkflowType,
)
from pydantic import ValidationError

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.placeholders import check_placeholders
from platform_api.domain.planning.plan import Plan, PlannedStep, check_plan

FLEXIBLE_PROMPT = "flexible_prompt"
"""The built-in workflow of simple collections; it runs the collection's component."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A user's workflow, or a built-in one that all users share."""

    id: str
    user_id: UserId | None
    name: str
    label: str
    type: WorkflowType
    description: str
    data: dict[str, Any]
    output_mime_type: str
    display: bool
    order: int
    models: tuple[str, ...]
    custom_nodes: tuple[str, ...]
    needs_credential: bool
    created_at: datetime


def step_definitions(workflow: Workflow) -> tuple[StepDefinition, ...] | DirectDefinition:
    """Parse a workflow's data as steps; raises `InvalidParameter` with the field.

    A `direct_job` without a payload or a job type is returned as its definition.
    """
    definition = parse(workflow.type, workflow.data)
    match definition:
        case BasicDefinition(steps=steps):
            return steps
        case ComfyDefinition():
            needed = {"models": workflow.models, "custom_nodes": workflow.custom_nodes}
            return (StepDefinition(job_type="comfyui", payload=definition.model_dump(), **needed),)
        case FetchDefinition():
            return (StepDefinition(job_type="fetch_api", payload=definition.model_dump(exclude_unset=True)),)
        case DirectDefinition(job_type=str() as job_type, payload=dict() as payload):
            return (StepDefinition(job_type=job_type, payload=payload),)
        case DynamicDefinition(job_type=job_type, template=template):
            return (StepDefinition(job_type=job_type, payload=template),)
    return cast("DirectDefinition", definition)


def parse(type_: WorkflowType, data: dict[str, Any]) -> Request:
    """Parse a definition; raises `InvalidParameter` with the field inside `data`."""
    try:
        return DEFINITIONS[type_].model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InvalidParameter(".".join(("data", *map(str, first["loc"]))), first["msg"]) from None


def check_workflow(workflow: Workflow) -> frozenset[str]:
    """Return the job types of a workflow's steps; raises `InvalidParameter` if the workflow could never run."""
    steps = step_definitions(workflow)
    check_placeholders(workflow.data, "data")
    if isinstance(steps, DirectDefinition):
        if steps.job_type is not None:
            check_job_type(steps.job_type, "data.job_type")
        elif steps.payload is not None:
            raise InvalidParameter("data.job_type", "is required with a payload")
        return frozenset({steps.job_type} if steps.job_type else ())
    for number, step in enumerate(steps):
        where = f"data.steps.{number}.job_type" if workflow.type is WorkflowType.BASIC else "data.job_type"
        check_job_type(step.job_type, where)
        if workflow.type is WorkflowType.BASIC and CATALOGUE[step.job_type].enhanced:
            raise InvalidParameter(where, "has two steps of its own; use prompt_enhance and the plain type instead")
    planned = tuple(PlannedStep(step.job_type, step.payload, 0, needs=step.needs) for step in steps)
    try:
        check_plan(Plan(workflow.name, planned))
    except InvalidParameter as error:
        raise InvalidParameter(f"data.{error.name}", error.message) from None
    return frozenset(step.job_type for step in steps)


def check_job_type(job_type: str, where: str) -> None:
    """Raise `InvalidParameter` unless the job type is in the catalogue."""
    if job_type not in CATALOGUE:
        raise InvalidParameter(where, f"must be one of {', '.join(CATALOGUE)}")
