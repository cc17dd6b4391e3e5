"""The queue engine: leases with fencing tokens, fair scheduling and an event log, implemented as Lua scripts in Redis.

producer    QueueClient → Producer: submit, cancel, read, emit
worker/     QueueClient → Consumer: claims steps, sends heartbeats, runs a handler, reports results
log/        QueueClient → EventLog: reads the log from an event id, and replays a job;
                EventFanout: followers that resume without a gap; ProgressFeed: live progress;
                StatusFeed: live status of workers and machines
operate/    QueueClient → Control, DeadLetters, Insight, Meter, Registry: pause, drain, inspect, measure, requeue;
                Sweeper: expires leases while no worker is alive
"""

from darkroom_queue.client import QueueClient
from darkroom_queue.errors import (
    ClassShareUsed,
    LogTruncated,
    QueueError,
    QueueFull,
    SlowReader,
    StepConflict,
    StepOfJob,
    SubmissionExpired,
    TooManyClasses,
    UnusableStep,
    WorkerSuperseded,
)
from darkroom_queue.log.events import EventLog
from darkroom_queue.log.fanout import RESET, EventFanout, Followed, Reset
from darkroom_queue.log.progress import ProgressFeed
from darkroom_queue.log.status import StatusFeed, StatusMessage
from darkroom_queue.operate.control import Control, PriorityOutcome
from darkroom_queue.operate.dead_letters import DeadLetterCursor, DeadLetters
from darkroom_queue.operate.index_writer import IndexMoved, IndexWriter, NotTheWriter
from darkroom_queue.operate.insight import Insight, Waiting, WaitReason, fits
from darkroom_queue.operate.job_index import JobCursor, JobFilter, JobIndex, JobPage
from darkroom_queue.operate.meter import Measurement, Meter
from darkroom_queue.operate.registry import Registry, WorkerRecord
from darkroom_queue.operate.series import Bucket, Series
from darkroom_queue.operate.sweeper import Sweeper
from darkroom_queue.producer import CancelOutcome, Producer, QueueDepth, Submitted
from darkroom_queue.worker.consumer import Consumer
from darkroom_queue.worker.context import Handler, StepContext, StepFailed, StepStopped, StopReason
from darkroom_queue.worker.turn import Finish, Outcome

__all__ = [
    "RESET",
    "Bucket",
    "CancelOutcome",
    "ClassShareUsed",
    "Consumer",
    "Control",
    "DeadLetterCursor",
    "DeadLetters",
    "EventFanout",
    "EventLog",
    "Finish",
    "Followed",
    "Handler",
    "IndexMoved",
    "IndexWriter",
    "Insight",
    "JobCursor",
    "JobFilter",
    "JobIndex",
    "JobPage",
    "LogTruncated",
    "Measurement",
    "Meter",
    "NotTheWriter",
    "Outcome",
    "PriorityOutcome",
    "Producer",
    "ProgressFeed",
    "QueueClient",
    "QueueDepth",
    "QueueError",
    "QueueFull",
    "Registry",
    "Reset",
    "Series",
    "SlowReader",
    "StatusFeed",
    "StatusMessage",
    "StepConflict",
    "StepContext",
    "StepFailed",
    "StepOfJob",
    "StepStopped",
    "StopReason",
    "SubmissionExpired",
    "Submitted",
    "Sweeper",
    "TooManyClasses",
    "UnusableStep",
    "WaitReason",
    "Waiting",
    "WorkerRecord",
    "WorkerSuperseded",
    "fits",
]
