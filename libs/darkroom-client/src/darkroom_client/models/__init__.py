"""Models of the services' responses."""

from darkroom_client.models.account import ApiKey, Balance, CreditLine, JobType, NewApiKey, Ticket
from darkroom_client.models.answer import Page
from darkroom_client.models.assets import Asset
from darkroom_client.models.jobs import HistoryLine, Interval, Job, JobEvent, JobState, WaitingStep, Why
from darkroom_client.models.webhooks import Attempt, Delivery, NewWebhook, Replayed, Webhook

__all__ = [
    "ApiKey",
    "Asset",
    "Attempt",
    "Balance",
    "CreditLine",
    "Delivery",
    "HistoryLine",
    "Interval",
    "Job",
    "JobEvent",
    "JobState",
    "JobType",
    "NewApiKey",
    "NewWebhook",
    "Page",
    "Replayed",
    "Ticket",
    "WaitingStep",
    "Webhook",
    "Why",
]
