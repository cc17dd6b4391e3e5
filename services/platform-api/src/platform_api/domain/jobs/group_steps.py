"""What the rules of a group mean for the steps of its job: which may wait in the queue, and when the job ends."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto

from darkroom_schemas.status import TERMINAL, JobStatus

from platform_api.domain.jobs.job import Job, JobState, Step
from platform_api.domain.planning.group_rules import GroupRules


class Outcome(Enum):
    """Whether a job goes on after one of its steps has ended."""

    OPEN = auto()
    MET = auto()
    """Enough steps have completed."""
    MISSED = auto()
    """All children have ended, and too few of them have completed."""


def outcome_of(state: JobState) -> Outcome:
    """Return whether the job goes on. Without a group, all steps must complete."""
    rules = state.job.group_rules
    children = state.steps if rules is None else children_of(state.steps, rules)
    needed = len(children) if rules is None or rules.needed is None else rules.needed
    if sum(child.status is JobStatus.COMPLETED for child in children) >= needed:
        return Outcome.MET
    ended = all(child.status in TERMINAL for child in children)
    return Outcome.MISSED if ended else Outcome.OPEN


def is_child(job: Job, step: Step) -> bool:
    """Whether the step's failure leaves the other steps of its job alone."""
    return job.group_rules is not None and step.number >= job.group_rules.first_child


def children_of(steps: Sequence[Step], rules: GroupRules) -> Sequence[Step]:
    """Return the children among the steps of a job."""
    return steps[rules.first_child :]


def free_places(state: JobState) -> int:
    """Return how many more children may be submitted."""
    rules = state.job.group_rules
    if rules is None or rules.max_parallel is None:
        return len(state.steps)
    children = children_of(state.steps, rules)
    in_queue = sum(child.submitted_at is not None and child.status not in TERMINAL for child in children)
    return max(0, rules.max_parallel - in_queue)


def held_back(steps: Sequence[Step], rules: GroupRules | None) -> tuple[Step, ...]:
    """Return the steps of a new run, of which the children beyond `max_parallel` are not submitted yet."""
    if rules is None or rules.max_parallel is None:
        return tuple(steps)
    first_held = rules.first_child + rules.max_parallel
    return (*steps[:first_held], *(replace(step, submitted_at=None) for step in steps[first_held:]))
