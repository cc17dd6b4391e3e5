"""A plan: the steps that fulfil a request, independent of the dialect that created it."""

from dataclasses import dataclass, field
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.worker import Requirements

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.group_rules import GroupRules
from platform_api.domain.planning.templates import references

MAX_STEPS = 100
DEFAULT_PRIORITY = 50


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of the catalogue's type `job_type`. It delivers at most `outputs` outputs, each for `price_mc`.

    `needs` are the numbers of the steps it waits for; None means the previous step. The payload may refer to results of
    steps that are completed by then: `{{steps.00.text}}`, `{{steps.00.outputs.0.url}}`. `requirements` default to those
    of the job type.
    """

    job_type: str
    payload: dict[str, Any]
    price_mc: int
    outputs: int = 1
    needs: tuple[int, ...] | None = None
    requirements: Requirements | None = None

    @property
    def required(self) -> Requirements:
        """Return the requirements on the worker."""
        return self.requirements or CATALOGUE[self.job_type].requirements


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a job is created from. `job_type` is a label of the catalogue or of the dialect.

    `parameters` are stored and shown as the user's request; `priority` is 1 to 100, higher first. `notices` are
    sentences about values that were replaced or that look like mistakes.
    """

    job_type: str
    steps: tuple[PlannedStep, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    priority: int = DEFAULT_PRIORITY
    name: str | None = None
    description: str | None = None
    collection_id: str | None = None
    notices: tuple[str, ...] = ()
    group_rules: GroupRules | None = None

    @property
    def price_mc(self) -> int:
        """Return the maximum price, due if all outputs are delivered, in thousandths of a credit."""
        return sum(step.price_mc * step.outputs for step in self.steps)


def check_plan(plan: Plan) -> None:
    """Reject a plan that could not complete; raises `InvalidParameter` for `priority` or a step's field."""
    if not 1 <= plan.priority <= 100:
        raise InvalidParameter("priority", "must be between 1 and 100")
    if not 1 <= len(plan.steps) <= MAX_STEPS:
        raise InvalidParameter("steps", f"must be 1 to {MAX_STEPS}, are {len(plan.steps)}")
    complete_by: list[frozenset[int]] = []
    for number, step in enumerate(plan.steps):
        needs = needs_of(step, number)
        if not all(0 <= needed < number for needed in needs):
            raise InvalidParameter(f"steps.{number}.needs", "must be numbers of earlier steps, counted from 0")
        complete_by.append(frozenset(needs).union(*(complete_by[needed] for needed in needs)))
        for reference in references(step.payload):
            if reference.step not in complete_by[number]:
                message = f"refers to a result of step {reference.step}, which it does not wait for"
                raise InvalidParameter(f"steps.{number}.payload", message)


def needs_of(step: PlannedStep, number: int) -> tuple[int, ...]:
    """Return the numbers of the steps that step `number` waits for."""
    if step.needs is not None:
        return tuple(sorted(set(step.needs)))
    return (number - 1,) if number else ()
