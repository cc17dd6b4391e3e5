"""Progress of running jobs as webhooks: sent once, the latest only, never retried."""

from dataclasses import dataclass
from datetime import UTC, datetime

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.ids import TenantId
from darkroom_schemas.webhook import JOB_PROGRESS, WebhookBody

from webhook_dispatcher.domain.delivery import Credentials, DueDelivery
from webhook_dispatcher.domain.endpoint import Dialect
from webhook_dispatcher.domain.events import Subject
from webhook_dispatcher.domain.subscription import Filters


@dataclass(frozen=True, slots=True)
class ProgressTarget:
    """An endpoint that lists `job.progress`."""

    endpoint_id: str
    tenant: TenantId
    url: str
    filters: Filters
    credentials: Credentials
    dialect: Dialect
    ed25519: bool

    def receives(self, tenant: TenantId, message: ProgressMessage, job_type: str) -> bool:
        """Whether it receives the progress of a tenant's job."""
        subject = Subject(job_type, "running", None, message.worker_id)
        return tenant == self.tenant and self.filters.match(subject)


def progress_delivery(target: ProgressTarget, message: ProgressMessage, job_type: str) -> DueDelivery:
    """Return a delivery that is not stored."""
    data = {
        "job_id": message.job_id,
        "job_type": job_type,
        "job_status": "running",
        "worker_id": message.worker_id,
        "step_id": message.step_id,
        "progress": message.progress,
        "message": message.message,
    }
    moment = datetime.fromtimestamp(message.at_ms / 1000, UTC)
    body = WebhookBody(type=JOB_PROGRESS, timestamp=moment, data=data)
    return DueDelivery(
        id=0, endpoint_id=target.endpoint_id, tenant=target.tenant, url=target.url, credentials=target.credentials,
        message_id=f"msg_progress_{message.job_id}_{message.at_ms}", event_type=JOB_PROGRESS,
        body=body.model_dump_json().encode(), attempts=0, replayed_from=0, schedule_s=None, dialect=target.dialect,
        ed25519=target.ed25519,
    )  # fmt: skip
