"""The queue engine: steps under leases with fencing tokens, fair order, and one event log, as Lua scripts on Redis.

producer side   RedisLink → Producer: submit, cancel, read, emit
worker side     RedisLink → Consumer: claims, beats and reports around a handler
reader side     RedisLink → EventLog: the log from an event id on, replay of a job;
                    EventFanout: followers that resume without a gap; ProgressFeed: live progress
housekeeping    RedisLink → Sweeper: what must go on while no worker lives
service side    RedisLink → KeyDirectory, Quotas: whose key it is, and how often it may be used
operator side   RedisLink → Control, DeadLetters, Insight, Registry: pause, drain, look, run again
"""

from darkroom_queue.consumer import Consumer
from darkroom_queue.context import Handler, StepContext, StepFailed, StepStopped, StopReason
from darkroom_queue.control import Control
from darkroom_queue.dead_letters import DeadLetters
from darkroom_queue.directory import KeyDirectory
from darkroom_queue.errors import (
    ClassShareUsed,
    LogTruncated,
    QueueError,
    QueueFull,
    QueueUnavailable,
    SlowReader,
    StepConflict,
    StepOfJob,
    SubmissionExpired,
    TooManyClasses,
    UnusableStep,
    WorkerSuperseded,
)
from darkroom_queue.events import EventLog
from darkroom_queue.fanout import RESET, EventFanout, Followed, Reset
from darkroom_queue.insight import Insight, Waiting, WaitReason, fits
from darkroom_queue.link import RedisLink
from darkroom_queue.producer import CancelOutcome, Producer, QueueDepth, Submitted
from darkroom_queue.progress import ProgressFeed
from darkroom_queue.quotas import Quotas, QuotaState
from darkroom_queue.registry import Registry, WorkerRecord
from darkroom_queue.sweeper import Sweeper
from darkroom_queue.tickets import TICKET_TTL_S, TicketExpired, TicketHolder, Tickets
from darkroom_queue.turn import Finish, Outcome

__all__ = [
    "RESET",
    "TICKET_TTL_S",
    "CancelOutcome",
    "ClassShareUsed",
    "Consumer",
    "Control",
    "DeadLetters",
    "EventFanout",
    "EventLog",
    "Finish",
    "Followed",
    "Handler",
    "Insight",
    "KeyDirectory",
    "LogTruncated",
    "Outcome",
    "Producer",
    "ProgressFeed",
    "QueueDepth",
    "QueueError",
    "QueueFull",
    "QueueUnavailable",
    "QuotaState",
    "Quotas",
    "RedisLink",
    "Registry",
    "Reset",
    "SlowReader",
    "StepConflict",
    "StepContext",
    "StepFailed",
    "StepOfJob",
    "StepStopped",
    "StopReason",
    "SubmissionExpired",
    "Submitted",
    "Sweeper",
    "TicketExpired",
    "TicketHolder",
    "Tickets",
    "TooManyClasses",
    "UnusableStep",
    "WaitReason",
    "Waiting",
    "WorkerRecord",
    "WorkerSuperseded",
    "fits",
]
