"""The webhook of a single job: members that every submission accepts. It appears in no view of the job."""

from typing import Annotated

from darkroom_chassis.validation import suggestion
from darkroom_outbound import read_url
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import Text
from darkroom_schemas.webhook import EVENT_NAMES, JOB_PROGRESS, JobWebhook
from pydantic import AfterValidator, Field

MAX_URL = 2000
EVENTS = (*(name for name in EVENT_NAMES if name.startswith("job.") and name != JOB_PROGRESS), "job.*")


def _requestable(url: str) -> str:
    read_url(url, max_chars=MAX_URL)
    return url


def _known_event(name: str) -> str:
    if name not in EVENTS:
        hint = suggestion(name, EVENTS)
        sentence = f'must be an event of a job, such as job.completed, or job.*, not "{name}"'
        raise ValueError(f"{sentence}; {hint}" if hint else sentence)
    return name


WebhookUrl = Annotated[Text, Field(max_length=MAX_URL), AfterValidator(_requestable)]
EventName = Annotated[Text, Field(max_length=100), AfterValidator(_known_event)]
EventsFilter = Annotated[tuple[EventName, ...], Field(max_length=50)]


class WithWebhook(RequestBody):
    """A submission that may name where the events of its job are sent."""

    webhook_url: WebhookUrl | None = Field(
        default=None, description="Receives the job's events as webhooks, beside the user's registered endpoints."
    )
    webhook_events_filter: EventsFilter = Field(
        default=(), description="Events to send to `webhook_url`, such as `job.completed`. Empty: all of the job's."
    )

    @property
    def job_webhook(self) -> JobWebhook | None:
        """Return the webhook of the job, None if there is none."""
        if self.webhook_url is None:
            return None
        return JobWebhook(url=self.webhook_url, events=self.webhook_events_filter)
