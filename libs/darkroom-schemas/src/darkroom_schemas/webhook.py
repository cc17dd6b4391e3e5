"""Webhooks: the names of their events, their bodies, and the webhook of a single job.

Bodies are `{type, timestamp, data}`, as recommended by Standard Webhooks (https://www.standardwebhooks.com).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from darkroom_schemas.base import Wire
from darkroom_schemas.events import EventType

NAMES: Final[Mapping[EventType, tuple[str, ...]]] = MappingProxyType({
    EventType.JOB_CREATED: ("job.submitted", "job.created"),
    EventType.JOB_STARTED: ("job.status_changed", "job.started", "job.assigned"),
    EventType.JOB_UPDATED: ("job.status_changed", "job.updated"),
    EventType.JOB_RETRIED: ("job.status_changed", "job.retried"),
    EventType.JOB_COMPLETED: ("job.completed",),
    EventType.JOB_FAILED: ("job.failed",),
    EventType.JOB_CANCELLED: ("job.cancelled",),
    EventType.GROUP_COMPLETED: ("group.completed",),
    EventType.ASSET_CREATED: ("asset.created",),
    EventType.ASSET_UPDATED: ("asset.updated",),
    EventType.ASSET_DELETED: ("asset.deleted",),
    EventType.CREDITS_LOW: ("credits.low",),
    EventType.STEP_QUEUED: ("step.queued",),
    EventType.STEP_STARTED: ("step.started",),
    EventType.STEP_RETRYING: ("step.retrying",),
    EventType.STEP_RELEASED: ("step.released",),
    EventType.STEP_COMPLETED: ("step.completed",),
    EventType.STEP_FAILED: ("step.failed",),
    EventType.STEP_CANCELLED: ("step.cancelled",),
})  # fmt: skip
"""Names of the log's events: first the usual one, then more specific ones that an endpoint may list instead."""
JOB_TIMEOUT: Final = "job.timeout"
"""A more specific name of `job.failed`, if the job exceeded its time."""
JOB_PROGRESS: Final = "job.progress"
"""Sent once, without retries, and only to those who list it."""
ENDPOINT_DISABLED: Final = "endpoint.disabled"
WORKER_CONNECTED: Final = "worker.connected"
WORKER_DISCONNECTED: Final = "worker.disconnected"
MACHINE_STARTUP: Final = "machine.startup"
MACHINE_SHUTDOWN: Final = "machine.shutdown"
TEST: Final = "webhook.test"
_OTHERS = (JOB_TIMEOUT, JOB_PROGRESS, ENDPOINT_DISABLED, WORKER_CONNECTED, WORKER_DISCONNECTED, MACHINE_STARTUP,
           MACHINE_SHUTDOWN)  # fmt: skip
_FAMILIES = ("job", "step", "group", "asset", "credits", "worker", "machine", "endpoint")
EVENT_NAMES: Final = tuple(dict.fromkeys([name for names in NAMES.values() for name in names] + list(_OTHERS)))
SUBSCRIBABLE: Final = (*EVENT_NAMES, "*", *(f"{family}.*" for family in _FAMILIES))
"""What an endpoint may list: names, all events of a family, or all events."""
_WITHOUT_A_LIST = frozenset({"job", "group", "credits", "endpoint"})
"""Families that an endpoint without a list gets."""


def name_for(names: Sequence[str], listed: Sequence[str]) -> str | None:
    """Return the name under which an event is sent to an endpoint, None if it is not.

    `names` are the event's, the usual one first. An endpoint that lists several of them gets the most specific one.
    """
    for name in reversed(names):
        if name in listed:
            return name
    usual = names[0]
    if usual == JOB_PROGRESS:
        return None
    family = usual.partition(".")[0]
    if not listed:
        return usual if family in _WITHOUT_A_LIST else None
    return usual if "*" in listed or f"{family}.*" in listed else None


class WebhookBody(Wire):
    """Body of a webhook. `timestamp` is the time of the event, not of its delivery."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


class JobWebhook(Wire):
    """Where the events of one job are sent, besides its user's endpoints. Empty `events` means all of the job's."""

    url: str
    events: tuple[str, ...] = ()
