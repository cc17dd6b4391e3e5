"""What can go wrong between a caller and the queue; an outage is `darkroom_redis.RedisUnavailable`.

QueueError
├─ UnusableStep       an id or a payload that the queue cannot keep; also a ValueError
├─ QueueFull          the depth limit is reached; nothing was stored
├─ StepConflict       this id stands for another step
├─ SubmissionExpired  the submission came later than it allowed
├─ TooManyClasses     more kinds of requirements, or of capabilities, than a shard keeps; room comes with time
│  └─ ClassShareUsed  the tenant has brought as many kinds of requirements as one may
├─ StepOfJob          the step belongs to a job of the platform, which decides whether it runs again
├─ LogTruncated       the event log no longer reaches back that far
└─ WorkerSuperseded   a newer process has taken this worker's name
"""


class QueueError(Exception):
    """Base of everything the queue raises on purpose."""


class UnusableStep(QueueError, ValueError):
    """The step can never be taken; the message begins with the name of the field."""


class QueueFull(QueueError):
    """The queue holds as many steps as its limit allows."""


class StepConflict(QueueError):
    """The id is taken by a step with another body."""


class SubmissionExpired(QueueError):
    """Redis's clock is past the submission's `not_after_ms`."""


class TooManyClasses(QueueError):
    """There is no room for one more class of requirements, or capability set, at the moment.

    A shard keeps the classes of the catalogue's types, 3,072 others of all tenants, 1,024 of the operator, and 256
    capability sets. Classes that no step has had for two hours make room, so the call may be repeated later.
    """


class ClassShareUsed(TooManyClasses):
    """The tenant has brought as many classes as one tenant may: 64, or the operator's 1,024."""


class StepOfJob(QueueError):
    """The step is part of a platform's job; the message says how to run that again."""


class LogTruncated(QueueError):
    """What followed the given event id is no longer known in full; take a snapshot and go on from the tail."""


class SlowReader(QueueError):
    """A follower's buffer is full; it may follow again from the last event that it has."""


class WorkerSuperseded(QueueError):
    """Another process registered under the same worker id later."""
