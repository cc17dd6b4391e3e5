"""Filters of job lists."""

from dataclasses import dataclass
from datetime import datetime

from darkroom_schemas.status import JobStatus


@dataclass(frozen=True, slots=True)
class JobFilter:
    """All conditions must hold; an empty condition does not restrict. `created_before` is exclusive."""

    statuses: tuple[JobStatus, ...] = ()
    job_type: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


EVERY_JOB = JobFilter()
COUNTED_TO = 10_000
"""Filtered lists are counted up to this number: an exact count would read every job."""
