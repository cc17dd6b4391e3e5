"""The status of a group, from those of its children."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from darkroom_schemas.groups.policy import Policy
from darkroom_schemas.status import TERMINAL, JobStatus


class GroupStatus(StrEnum):
    """The status words of the dialect."""

    PENDING = "pending"
    RUNNING = "running"
    PARTIAL_COMPLETE = "partial_complete"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of a group, and whether it is final: no child can change any more."""

    status: GroupStatus
    is_final: bool
    completed: int
    failed: int
    cancelled: int
    total: int


def standing_of(children: Sequence[JobStatus], policy: Policy, *, cancelled: bool) -> Standing:
    """Apply the rules of the dialect; a child that is not submitted yet counts as queued.

    A group runs from its submission. It is `partial_complete` once a child has completed and another has failed,
    `completed` when all did or when its policy is met, `failed` when none completed, and `cancelled` after it was
    cancelled as a whole. Children that a policy cancelled do not count as failed.
    """
    counts = Counter(children)
    completed, failed = counts[JobStatus.COMPLETED], counts[JobStatus.FAILED]
    ended = sum(counts[status] for status in TERMINAL)
    is_final = ended == len(children)
    status = _status(completed, failed, is_final=is_final, is_met=policy.is_met(completed))
    if cancelled:
        status = GroupStatus.CANCELLED
    return Standing(status, is_final, completed, failed, counts[JobStatus.CANCELLED], len(children))


def _status(completed: int, failed: int, *, is_final: bool, is_met: bool) -> GroupStatus:
    if is_met:
        return GroupStatus.COMPLETED
    if completed and failed:
        return GroupStatus.PARTIAL_COMPLETE
    if not is_final:
        return GroupStatus.RUNNING
    if completed:
        return GroupStatus.COMPLETED
    return GroupStatus.FAILED if failed else GroupStatus.CANCELLED
