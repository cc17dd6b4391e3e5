"""What is stored of a group. The state of its children is that of their steps in the queue."""

from dataclasses import dataclass

from darkroom_schemas.base import Wire
from darkroom_schemas.groups.policy import Policy
from darkroom_schemas.ids import JobId, StepId
from pydantic import Field

PREFIX = "jg_"


class Child(Wire):
    """One child: a step of the queue with its seed. `backend_id` is None if any worker may run it."""

    step_id: StepId
    backend_id: str | None
    seed: int


class GroupRecord(Wire):
    """A group as it was requested. Times are in Unix milliseconds."""

    id: JobId
    children: tuple[Child, ...] = Field(min_length=1)
    job_type: str
    timeout_s: float
    policy: Policy = Policy()
    max_parallel: int | None = None
    """How many children may be in the queue at once; None means all."""
    metadata: dict[str, object] = Field(default_factory=dict)
    skipped_backends: tuple[str, ...] = ()
    """Back ends that were asked for and were not online."""
    created_ms: int
    cancelled_ms: int | None = None
    """When the group was cancelled as a whole."""

    @property
    def step_ids(self) -> list[StepId]:
        """Return the steps of all children, in order."""
        return [child.step_id for child in self.children]


@dataclass(frozen=True, slots=True)
class GroupCursor:
    """A place in the list of groups: the creation of a group, in Unix milliseconds, and its id."""

    at_ms: int
    group_id: JobId


def is_group(job_id: str) -> bool:
    """Whether the id of a job is that of a group."""
    return job_id.startswith(PREFIX)
