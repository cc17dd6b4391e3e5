"""Requests that register and change endpoints, and the views of endpoints."""

from datetime import datetime
from typing import Annotated, Any

from darkroom_chassis.validation import must_be_one_of, suggestion
from darkroom_outbound import read_url
from darkroom_schemas.base import Request
from darkroom_schemas.fields import Line, Text
from darkroom_schemas.status import JobStatus
from darkroom_schemas.webhook import SUBSCRIBABLE
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    UrlConstraints,
    ValidationInfo,
    field_validator,
)

from webhook_dispatcher.domain.custom_headers import check_headers
from webhook_dispatcher.domain.endpoint import Dialect, Endpoint, EndpointForm
from webhook_dispatcher.domain.schedule import LONGEST_RETRY_AFTER_S, geometric
from webhook_dispatcher.domain.signature import check_plain_secret, check_secret, new_secret
from webhook_dispatcher.domain.subscription import Filters as DomainFilters

MAX_URL = 2000
MAX_ATTEMPTS = 20
MAX_DELAY_MS = int(LONGEST_RETRY_AFTER_S * 1000)
HIDDEN = "***"
"""Stands for the value of an additional header in views."""


def _known_event(name: str) -> str:
    if name not in SUBSCRIBABLE:
        hint = suggestion(name, SUBSCRIBABLE)
        sentence = f'must be an event such as job.completed, a family such as step.*, or *, not "{name}"'
        raise ValueError(f"{sentence}; {hint}" if hint else sentence)
    return name


def _requestable(url: AnyHttpUrl) -> AnyHttpUrl:
    read_url(str(url))
    return url


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    check_headers(headers)
    return headers


def _known_status(status: str) -> str:
    known = [one.value for one in JobStatus]
    if status not in known:
        raise ValueError(must_be_one_of(status, known))
    return status


Url = Annotated[AnyHttpUrl, UrlConstraints(max_length=MAX_URL), AfterValidator(_requestable)]
EventName = Annotated[Text, Field(max_length=100), AfterValidator(_known_event)]
Events = Annotated[list[EventName], Field(max_length=50)]
Description = Annotated[Text, Field(max_length=200)]
Headers = Annotated[dict[Text, Text], AfterValidator(_sendable)]
Names = Annotated[tuple[Line, ...], Field(max_length=100)]
Status = Annotated[Text, Field(max_length=20), AfterValidator(_known_status)]
Statuses = Annotated[tuple[Status, ...], Field(max_length=20)]
Priorities = Annotated[tuple[Annotated[int, Field(ge=1, le=100)], ...], Field(max_length=100)]
RatePerS = Annotated[float, Field(gt=0, le=10_000)]


class Filters(Request):
    """Which events an endpoint receives. Each list that is not empty must contain the event's value."""

    job_types: Names = ()
    statuses: Statuses = ()
    job_priorities: Priorities = ()
    worker_ids: Names = ()
    machine_ids: Names = ()

    def stored(self) -> DomainFilters:
        """Return the filters for the domain."""
        return DomainFilters(self.job_types, self.statuses, self.job_priorities, self.worker_ids, self.machine_ids)


class RetryConfig(Request):
    """A schedule of the endpoint's own: an attempt at once, then delays that grow by a factor."""

    max_attempts: int = Field(default=10, ge=1, le=MAX_ATTEMPTS)
    initial_delay_ms: int = Field(default=5000, ge=0, le=MAX_DELAY_MS)
    backoff_multiplier: float = Field(default=2.0, ge=1, le=100)
    max_delay_ms: int = Field(default=MAX_DELAY_MS, ge=0, le=MAX_DELAY_MS)

    def schedule_s(self) -> tuple[float, ...]:
        """Return the delay before each attempt in seconds."""
        return geometric(
            self.max_attempts, self.initial_delay_ms / 1000, self.backoff_multiplier, self.max_delay_ms / 1000
        )


class NewEndpoint(Request):
    """Body of `POST /api/webhooks`. A missing `secret` is generated.

    Without `events`, an endpoint receives those of jobs, groups, credits and endpoints, except `job.progress`.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.com/hooks/darkroom", "events": ["job.completed"]}]}
    )

    url: Url
    events: Events = Field(default_factory=list, description="Names, families such as `step.*`, or `*`.")
    filters: Filters = Field(default_factory=Filters)
    description: Description = ""
    active: bool = True
    dialect: Dialect = Field(
        default=Dialect.STANDARD, description="`emprops`: its body, and its headers beside those of Standard Webhooks."
    )
    secret: Annotated[Text, Field(max_length=200)] | None = Field(
        default=None, description="`whsec_` and 24 to 64 bytes in base64; in the dialect `emprops` also other text."
    )
    headers: Headers = Field(default_factory=dict, description="Additional headers of each request.")
    retry_config: RetryConfig | None = None
    ordered: bool = Field(default=False, description="One delivery at a time, in the order of the events.")
    rate_per_s: RatePerS | None = Field(default=None, description="Maximum number of attempts per second.")
    ed25519: bool = Field(default=False, description="Sign with ed25519 (`v1a`), too; see /.well-known/jwks.json.")

    @field_validator("secret")
    @classmethod
    def _secret_fits(cls, secret: str | None, info: ValidationInfo) -> str | None:
        if secret is not None:
            (check_plain_secret if info.data.get("dialect") is Dialect.EMPROPS else check_secret)(secret)
        return secret

    def form(self) -> EndpointForm:
        """Return the endpoint to store."""
        return EndpointForm(
            url=str(self.url), secret=self.secret or new_secret(), events=tuple(self.events),
            filters=self.filters.stored(), description=self.description, active=self.active, headers=self.headers,
            ordered=self.ordered, rate_per_s=self.rate_per_s, dialect=self.dialect, ed25519=self.ed25519,
            schedule_s=self.retry_config.schedule_s() if self.retry_config else None,
        )  # fmt: skip


class EndpointChange(Request):
    """Body of `PUT /api/webhooks/{id}`. Missing fields stay unchanged; `retry_config` and `rate_per_s` may be null."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"events": ["job.completed", "job.failed"]}]})

    url: Url | None = None
    events: Events | None = None
    filters: Filters | None = None
    description: Description | None = None
    active: bool | None = None
    headers: Headers | None = None
    retry_config: RetryConfig | None = None
    ordered: bool | None = None
    rate_per_s: RatePerS | None = None
    dialect: Dialect | None = None
    ed25519: bool | None = None

    def changes(self) -> dict[str, Any]:
        """Return the changed fields by the names of `EndpointForm`."""
        changed = self.model_dump(exclude_none=True, exclude={"retry_config", "filters"})
        if self.url is not None:
            changed["url"] = str(self.url)
        if self.filters is not None:
            changed["filters"] = self.filters.model_dump()
        if "rate_per_s" in self.model_fields_set:
            changed["rate_per_s"] = self.rate_per_s
        if "retry_config" in self.model_fields_set:
            changed["schedule_s"] = self.retry_config.schedule_s() if self.retry_config else None
        return changed


class EndpointView(BaseModel):
    """An endpoint. Only the response that creates it contains `secret`; the values of `headers` are hidden."""

    id: str
    url: str
    events: list[str]
    filters: Filters
    description: str
    active: bool
    disabled_reason: str | None
    created_at: datetime
    origin: str | None = Field(description="Set if the endpoint delivers the webhooks of single jobs to this origin.")
    headers: dict[str, str]
    schedule_s: list[float] | None = Field(description="Delay before each attempt; null: the usual schedule.")
    ordered: bool
    rate_per_s: float | None
    dialect: Dialect
    ed25519: bool
    secret: str | None = None


def endpoint_view(endpoint: Endpoint, secret: str | None = None) -> EndpointView:
    """Return what its owner sees of an endpoint."""
    kept = endpoint.filters
    filters = Filters(
        job_types=kept.job_types, statuses=kept.statuses, job_priorities=kept.job_priorities,
        worker_ids=kept.worker_ids, machine_ids=kept.machine_ids,
    )  # fmt: skip
    return EndpointView(
        id=endpoint.id, url=endpoint.url, events=[] if endpoint.origin else list(endpoint.events), filters=filters,
        description=endpoint.description, active=endpoint.active, disabled_reason=endpoint.disabled_reason,
        created_at=endpoint.created_at, origin=endpoint.origin, headers=dict.fromkeys(endpoint.header_names, HIDDEN),
        schedule_s=None if endpoint.schedule_s is None else list(endpoint.schedule_s), ordered=endpoint.ordered,
        rate_per_s=endpoint.rate_per_s, dialect=endpoint.dialect, ed25519=endpoint.ed25519, secret=secret,
    )  # fmt: skip
