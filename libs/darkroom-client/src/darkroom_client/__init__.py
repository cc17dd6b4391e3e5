"""Python SDK of Darkroom: submit jobs, follow them across lost connections, download their outputs."""

from darkroom_client.async_client import AsyncClient
from darkroom_client.async_job_handles import AsyncJobHandle
from darkroom_client.client import Client
from darkroom_client.errors import (
    DarkroomError,
    InvalidRequest,
    JobFailed,
    NotAuthorised,
    NotEnoughCredits,
    NotFound,
    NotGenuine,
    NotReachable,
    ServiceError,
)
from darkroom_client.job_handles import JobHandle
from darkroom_client.models import (
    ApiKey,
    Asset,
    Attempt,
    Balance,
    CreditLine,
    Delivery,
    HistoryLine,
    Job,
    JobEvent,
    JobState,
    JobType,
    NewApiKey,
    NewWebhook,
    Page,
    Replayed,
    Ticket,
    Webhook,
    Why,
)
from darkroom_client.retrying import Retries
from darkroom_client.webhook_signatures import WebhookEvent, verify_webhook

__all__ = [
    "ApiKey",
    "Asset",
    "AsyncClient",
    "AsyncJobHandle",
    "Attempt",
    "Balance",
    "Client",
    "CreditLine",
    "DarkroomError",
    "Delivery",
    "HistoryLine",
    "InvalidRequest",
    "Job",
    "JobEvent",
    "JobFailed",
    "JobHandle",
    "JobState",
    "JobType",
    "NewApiKey",
    "NewWebhook",
    "NotAuthorised",
    "NotEnoughCredits",
    "NotFound",
    "NotGenuine",
    "NotReachable",
    "Page",
    "Replayed",
    "Retries",
    "ServiceError",
    "Ticket",
    "Webhook",
    "WebhookEvent",
    "Why",
    "verify_webhook",
]
