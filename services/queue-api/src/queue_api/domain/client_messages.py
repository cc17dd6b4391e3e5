"""Messages that WebSocket clients send, and the errors for those that are not valid."""

import json
from typing import Annotated, Any, Literal, NoReturn, get_args

from darkroom_schemas.base import Request
from darkroom_schemas.fields import Line, Text, UnixMs
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from queue_api.domain.frames import Topic
from queue_api.domain.submission import JobRequirements, JobSubmission

MAX_ID_CHARACTERS = 100
MAX_ID_NUMBER = 2**63 - 1
MAX_RESYNC = 1_000
SHAPE = 'Send a JSON object with a "type", such as {"type": "ping"}.'
JobId = Annotated[Text, Field(min_length=1, max_length=200)]
Priority = Annotated[int, Field(ge=1, le=100)]
Names = Annotated[list[Line], Field(max_length=100)]
RequestId = str | int | None


class _Message(Request):
    model_config = ConfigDict(extra="ignore")

    timestamp: Any = None


class Ping(_Message):
    """Asks for a `pong`."""

    type: Literal["ping"]


class Heartbeat(_Message):
    """Asks for a `heartbeat_ack`."""

    type: Literal["heartbeat"]


class SubscriptionFilters(Request):
    """Filters of a subscription; see `domain.subscription.Filters`."""

    job_types: Names = Field(default_factory=list)
    worker_ids: Names = Field(default_factory=list)
    priority_range: (
        Annotated[tuple[Annotated[int, Field(ge=1, le=100)], ...], Field(min_length=2, max_length=2)] | None
    ) = None


class MonitorConnect(_Message):
    """Introduces a monitor; may ask for the full state and choose topics."""

    type: Literal["monitor_connect"]
    request_full_state: bool = False
    topics: Annotated[list[Topic], Field(max_length=20)] | None = None


class Subscribe(_Message):
    """Chooses topics and filters; replaces the previous choice."""

    type: Literal["subscribe"]
    topics: Annotated[list[Topic], Field(max_length=20)]
    filters: SubscriptionFilters = SubscriptionFilters()


class Unsubscribe(_Message):
    """Removes topics."""

    type: Literal["unsubscribe"]
    topics: Annotated[list[Topic], Field(max_length=20)]


class SubscribeJob(_Message):
    """Adds a job, by its id or the id of its workflow."""

    type: Literal["subscribe_job"]
    job_id: JobId


class UnsubscribeJob(_Message):
    """Removes a job."""

    type: Literal["unsubscribe_job"]
    job_id: JobId


class SubscribeStats(_Message):
    """Asks for `system_stats` at an interval."""

    type: Literal["subscribe_stats"]
    interval_seconds: Annotated[float, Field(ge=1, le=3600)] = 5.0


class RequestStats(_Message):
    """Asks for `system_stats` once."""

    type: Literal["request_stats"]


class SubmitJob(_Message):
    """Submits a job."""

    type: Literal["submit_job"]
    job_type: Line
    payload: dict[str, Any]
    priority: Priority = 50
    requirements: JobRequirements = JobRequirements()
    customer_id: Line | None = None
    workflow_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$", max_length=100)] | None = None
    job_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$", max_length=100)] | None = None

    @property
    def submission(self) -> JobSubmission:
        """Return the body of the same submission by HTTP."""
        return JobSubmission.model_validate(
            {
                "id": self.job_id, "job_type": self.job_type, "payload": self.payload, "priority": self.priority,
                "requirements": self.requirements.model_dump(), "workflow_id": self.workflow_id,
            }
        )  # fmt: skip


class CancelJob(_Message):
    """Cancels a job."""

    type: Literal["cancel_job"]
    job_id: JobId
    reason: Annotated[Text, Field(max_length=200)] = "cancelled by a client"


class RequestJobStatus(_Message):
    """Asks for the state of a job."""

    type: Literal["request_job_status"]
    job_id: JobId


class ResyncRequest(_Message):
    """Asks for past events, after an event id or from a time on."""

    type: Literal["resync_request"]
    since_event_id: Annotated[str, Field(max_length=64)] | None = None
    since_timestamp: UnixMs | None = None
    max_events: Annotated[int, Field(ge=1, le=MAX_RESYNC)] = MAX_RESYNC

    @model_validator(mode="after")
    def _names_one_place(self) -> "ResyncRequest":
        if (self.since_event_id is None) == (self.since_timestamp is None):
            raise ValueError("send either `since_event_id` or `since_timestamp`")
        return self


ClientMessage = (
    Ping | Heartbeat | MonitorConnect | Subscribe | Unsubscribe | SubscribeJob | UnsubscribeJob | SubscribeStats
    | RequestStats | SubmitJob | CancelJob | RequestJobStatus | ResyncRequest
)  # fmt: skip
_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])
KNOWN = tuple(str(get_args(model.model_fields["type"].annotation)[0]) for model in get_args(ClientMessage))

EXAMPLES: dict[str, dict[str, Any]] = {
    "ping": {"type": "ping", "id": "7"},
    "heartbeat": {"type": "heartbeat"},
    "monitor_connect": {"type": "monitor_connect", "request_full_state": True},
    "subscribe": {
        "type": "subscribe", "topics": ["jobs:status", "workers"],
        "filters": {"job_types": ["comfyui"], "worker_ids": [], "priority_range": [50, 100]},
    },
    "unsubscribe": {"type": "unsubscribe", "topics": ["workers"]},
    "subscribe_job": {"type": "subscribe_job", "job_id": "01a21e70-729b-7917-a805-b7c8abdcde94:1:00"},
    "unsubscribe_job": {"type": "unsubscribe_job", "job_id": "01a21e70-729b-7917-a805-b7c8abdcde94:1:00"},
    "subscribe_stats": {"type": "subscribe_stats", "interval_seconds": 5},
    "request_stats": {"type": "request_stats"},
    "submit_job": {"type": "submit_job", "job_type": "simulation", "payload": {"duration_s": 1}, "id": 1},
    "cancel_job": {"type": "cancel_job", "job_id": "01a21e70-729b-7917-a805-b7c8abdcde94:1:00", "reason": "not needed"},
    "request_job_status": {"type": "request_job_status", "job_id": "01a21e70-729b-7917-a805-b7c8abdcde94:1:00"},
    "resync_request": {"type": "resync_request", "since_event_id": "0-1795806648770-1795807015633-1"},
}  # fmt: skip
"""An example of each message, for the AsyncAPI document."""


class InvalidMessage(Exception):
    """The frame is no valid message. `code` is stable; `errors` is pydantic's list, if fields are invalid."""

    def __init__(self, code: str, sentence: str, request_id: RequestId = None, errors: list[Any] | None = None) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.request_id, self.errors = code, sentence, request_id, errors or []


def read_message(text: str) -> tuple[ClientMessage, RequestId]:
    """Parse a text frame; returns the message and its `id`. Raises InvalidMessage."""
    content, request_id = _read_object(text)
    kind = content["type"]
    if kind not in KNOWN:
        sentence = f"This socket knows {', '.join(KNOWN)}, not {kind[:50]!a}."
        raise InvalidMessage("unknown_type", sentence, request_id)
    content = {name: value for name, value in content.items() if name != "id"}
    try:
        return _MESSAGE.validate_python(content), request_id
    except ValidationError as error:
        errors = [problem | {"loc": problem["loc"][1:]} for problem in error.errors(include_url=False)]
        raise InvalidMessage("invalid_message", f"The message {kind} is not valid.", request_id, errors) from None


def _read_object(text: str) -> tuple[dict[str, Any], RequestId]:
    try:
        message = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise InvalidMessage("invalid_message", SHAPE) from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise InvalidMessage("invalid_message", SHAPE)
    request_id = message.get("id")
    if request_id is not None and not _is_id(request_id):
        sentence = f"`id` must be a text of at most {MAX_ID_CHARACTERS} characters, or a whole number."
        raise InvalidMessage("invalid_message", sentence)
    return message, request_id


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID_CHARACTERS and value.isprintable()
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID_NUMBER


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
