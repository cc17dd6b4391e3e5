"""Errors of the queue. An outage is `darkroom_redis.RedisUnavailable`.

QueueError
├─ UnusableStep       an id or a payload that the queue cannot store; also a ValueError
├─ QueueFull          the depth limit is reached; nothing was stored
├─ StepConflict       the id belongs to a different step
├─ SubmissionExpired  the submission arrived after its `not_after_ms`
├─ TooManyClasses     the shard's limit of classes or capability sets is reached; retry later
│  └─ ClassShareUsed  the tenant's limit of classes is reached
├─ StepOfJob          the step belongs to a job of the platform, which decides whether it runs again
├─ LogTruncated       the event log does not reach back to the requested position
├─ SlowReader         a follower's buffer is full
└─ WorkerSuperseded   another process has registered with this worker id
"""


class QueueError(Exception):
    """Base class of the queue's errors."""


class UnusableStep(QueueError, ValueError):
    """The step is invalid, so a repeated submission fails, too. The message begins with the name of the field."""


class QueueFull(QueueError):
    """The queue has reached its depth limit."""


class StepConflict(QueueError):
    """A step with this id and another body exists."""


class SubmissionExpired(QueueError):
    """The submission arrived after its `not_after_ms`, by the clock of Redis."""


class TooManyClasses(QueueError):
    """The limit of requirement classes or of capability sets is reached. The call may be repeated later.

    A shard has the classes of the catalogue's types, at most 3,072 others of all tenants, 1,024 of the operator, and
    256 capability sets. A class is deleted when no step has used it for about two hours.
    """


class ClassShareUsed(TooManyClasses):
    """The tenant's own limit of classes is reached: 64, or 1,024 for the operator."""


class StepOfJob(QueueError):
    """The step is part of a job of the platform. The message says how to retry the job."""


class LogTruncated(QueueError):
    """Events after the given id may be missing. Take a snapshot and continue from the tail."""


class SlowReader(QueueError):
    """A follower's buffer is full. It may follow again from its last event."""


class WorkerSuperseded(QueueError):
    """Another process has registered with the same worker id."""
