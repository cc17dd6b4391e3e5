"""Plans a job from a collection, its workflow and the chosen variables."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from darkroom_schemas.loras import LoraChoice, add_up, find_tags
from darkroom_schemas.worker import Capabilities, Requirements
from darkroom_schemas.workflow import CollectionData, DirectDefinition, StepDefinition

from platform_api.domain.errors import CollectionCorrupted, InvalidParameter, UnknownJobType
from platform_api.domain.library.collection import Collection, data_of
from platform_api.domain.library.workflow import Workflow, step_definitions
from platform_api.domain.planning.from_catalogue import PROMPT_TYPE
from platform_api.domain.planning.payload_budget import PayloadBudget
from platform_api.domain.planning.placeholders import check_placeholders
from platform_api.domain.planning.plan import Plan, PlannedStep
from platform_api.domain.planning.plan_step import plan_steps
from platform_api.domain.planning.templates import Unfillable, references
from platform_api.domain.planning.variables import check_declared, resolve, substitute, variables_in

JOB_TYPE = "collection_generation"


def plan_generation(
    collection: Collection,
    workflow: Workflow,
    variables: dict[str, Any],
    priority: int,
    live: Sequence[Capabilities] = (),
) -> Plan:
    """Plan a generation; raises `InvalidParameter`, or `CollectionCorrupted` if the stored data is at fault.

    `live` are the live workers, which must offer the LoRAs of its steps.
    """
    data = data_of(collection)
    try:
        steps = _steps(collection, data, workflow, variables, live)
    except Unfillable as error:
        raise InvalidParameter("variables", str(error)) from None
    except UnknownJobType as error:
        raise CollectionCorrupted(collection.id, {"job_type": f"there is no job type {error.job_type!r}"}) from None
    return Plan(
        job_type=JOB_TYPE,
        steps=steps,
        parameters=variables,
        priority=priority,
        name=f"Collection Generation: {collection.title}",
        description=collection.description,
        collection_id=collection.id,
    )


def _steps(
    collection: Collection,
    data: CollectionData,
    workflow: Workflow,
    given: dict[str, Any],
    live: Sequence[Capabilities],
) -> tuple[PlannedStep, ...]:
    try:
        definitions = step_definitions(workflow)
    except InvalidParameter as error:
        raise CollectionCorrupted(collection.id, {f"workflow.{error.name}": error.message}) from None
    if isinstance(definitions, DirectDefinition):
        return _direct(collection, data, definitions, given, live)
    values = _values(data, given, [definition.payload for definition in definitions])
    steps: list[PlannedStep] = []
    budget = PayloadBudget()
    enhanced: dict[int, tuple[LoraChoice, ...]] = {}
    for number, definition in enumerate(definitions):
        where = f"steps.{number}.payload"
        check_placeholders(definition.payload, where)
        payload = substitute(definition.payload, values)
        budget.take(payload)
        if definition.job_type == PROMPT_TYPE:
            enhanced[number] = _tagged(payload.get("prompt"))
        planned = plan_steps(
            definition.job_type,
            payload,
            _requirements(definition),
            where=where,
            live=live,
            more_loras=_of_enhanced_prompt(payload.get("prompt"), enhanced),
        )
        if len(definitions) == 1:
            return planned
        steps += [replace(step, needs=definition.needs) for step in planned]
    return tuple(steps)


def _tagged(prompt: Any) -> tuple[LoraChoice, ...]:
    """Return the LoRAs that a prompt names; the language model does not get to see them."""
    return add_up((tag.name, tag.weight) for tag in find_tags(prompt)) if isinstance(prompt, str) else ()


def _of_enhanced_prompt(prompt: Any, enhanced: Mapping[int, tuple[LoraChoice, ...]]) -> tuple[LoraChoice, ...]:
    """Return the LoRAs that the prompt before its enhancement named, for a picture of the enhanced prompt."""
    steps = dict.fromkeys(reference.step for reference in references(prompt) if reference.field == "text")
    return tuple(lora for step in steps for lora in enhanced.get(step, ()))


def _direct(
    collection: Collection,
    data: CollectionData,
    definition: DirectDefinition,
    given: dict[str, Any],
    live: Sequence[Capabilities],
) -> tuple[PlannedStep, ...]:
    if definition.job_type is not None:
        # With declared variables, the payload has only their mappings; otherwise it is all given values.
        mapped = {variable.template_mapping for variable in data.variables}
        values = _values(data, given, []) if mapped else resolve((), given)
        payload = {name: value for name, value in values.items() if name in mapped or not mapped}
        return plan_steps(definition.job_type, payload, None, where="variables", live=live)
    if data.component is None:
        raise CollectionCorrupted(collection.id, {"data.component": "is required by the workflow and missing"})
    check_placeholders(data.component.template, "template_json")
    payload = substitute(data.component.template, _values(data, given, data.component.template))
    PayloadBudget().take(payload)
    return plan_steps(data.component.job_type, payload, None, where="template_json", live=live)


def _values(data: CollectionData, given: dict[str, Any], template: Any) -> dict[str, Any]:
    check_declared(given, data.variables, variables_in(template))
    return resolve(data.variables, given)


def _requirements(definition: StepDefinition) -> Requirements | None:
    required = Requirements(
        type=definition.job_type,
        models=definition.models,
        custom_nodes=definition.custom_nodes,
        tags=definition.tags,
        vram_gb=definition.vram_gb,
        backend=definition.backend,
    )
    return required if required != Requirements(type=definition.job_type) else None
