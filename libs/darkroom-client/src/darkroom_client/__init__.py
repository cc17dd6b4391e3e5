"""Python SDK of Darkroom: submit jobs, follow them over cut connections, fetch what they made."""

from darkroom_client.async_client import AsyncClient
from darkroom_client.client import Client
from darkroom_client.errors import DarkroomError, InvalidRequest, NotAuthorised, NotFound, NotReachable, ServiceError
from darkroom_client.models import HistoryLine, Job, JobEvent, JobState

__all__ = [
    "AsyncClient",
    "Client",
    "DarkroomError",
    "HistoryLine",
    "InvalidRequest",
    "Job",
    "JobEvent",
    "JobState",
    "NotAuthorised",
    "NotFound",
    "NotReachable",
    "ServiceError",
]
