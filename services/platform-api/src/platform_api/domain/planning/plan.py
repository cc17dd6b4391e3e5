"""A plan: the steps that will answer a request, in general form. Each dialect makes its own; this file knows none."""

from dataclasses import dataclass, field
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.worker import Requirements

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.templates import references

MAX_STEPS = 100
DEFAULT_PRIORITY = 50


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of type `job_type` of the catalogue. Each of at most `outputs` delivered outputs costs `price_mc`.

    `needs` are the numbers of the steps it waits for; None is the one before. The payload may name results of steps
    that will be complete by then: `{{steps.00.text}}`, `{{steps.00.outputs.0.url}}`. `requirements` are the type's own
    unless given.
    """

    job_type: str
    payload: dict[str, Any]
    price_mc: int
    outputs: int = 1
    needs: tuple[int, ...] | None = None
    requirements: Requirements | None = None

    @property
    def required(self) -> Requirements:
        """Return what a worker must have for it."""
        return self.requirements or CATALOGUE[self.job_type].requirements


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a job is accepted with. `job_type` is a label, of the catalogue or of the dialect's own.

    `parameters` are what was asked, worth remembering and shown; `priority` is 1 to 100, higher first. `notices` are
    sentences about what was decided otherwise than asked, or looks like a mistake.
    """

    job_type: str
    steps: tuple[PlannedStep, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    priority: int = DEFAULT_PRIORITY
    name: str | None = None
    description: str | None = None
    collection_id: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def price_mc(self) -> int:
        """Return the price when everything is delivered."""
        return sum(step.price_mc * step.outputs for step in self.steps)


def check_plan(plan: Plan) -> None:
    """Refuse a plan that could not run to its end: raises `InvalidParameter` for `priority` or a step's field."""
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
                message = f"names a result of step {reference.step}, which it does not wait for"
                raise InvalidParameter(f"steps.{number}.payload", message)


def needs_of(step: PlannedStep, number: int) -> tuple[int, ...]:
    """Return the numbers of the steps that step `number` waits for."""
    if step.needs is not None:
        return tuple(sorted(set(step.needs)))
    return (number - 1,) if number else ()
