"""Which jobs a list is about."""

from dataclasses import dataclass
from datetime import datetime

from darkroom_schemas.status import JobStatus


@dataclass(frozen=True, slots=True)
class JobFilter:
    """All conditions hold together; an empty one does not restrict. `created_before` is exclusive."""

    statuses: tuple[JobStatus, ...] = ()
    job_type: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


EVERY_JOB = JobFilter()
COUNTED_TO = 10_000
"""A filtered list is counted no further: an exact number would have to look at every job."""
