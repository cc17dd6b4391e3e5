"""What a client has beside submissions: its jobs, assets, credits, keys, webhooks and tickets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Unpack

from darkroom_client.calls import account, assets, jobs, webhooks
from darkroom_client.calls.assets import AssetsWhere
from darkroom_client.calls.jobs import JobsWhere
from darkroom_client.job_handles import JobHandle
from darkroom_client.models import (
    ApiKey,
    Asset,
    Balance,
    CreditLine,
    Delivery,
    HistoryLine,
    Job,
    JobEvent,
    JobType,
    NewApiKey,
    NewWebhook,
    Page,
    Ticket,
    Webhook,
    Why,
)
from darkroom_client.transport import Transport

PAGE = 50
LARGEST_PAGE = 200


class Resource:
    """Sends calls over the client's transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport


class Jobs(Resource):
    """The user's jobs."""

    def attach(self, job_id: str) -> JobHandle:
        """Return a handle of a job that was submitted earlier, without asking the service."""
        return JobHandle(job_id, self._transport)

    def get(self, job_id: str) -> Job:
        """Read a job."""
        return self._transport.send(jobs.get(job_id))

    def list(self, *, limit: int = PAGE, cursor: str | None = None, **where: Unpack[JobsWhere]) -> Page[Job]:
        """Read one page of jobs, newest first: by status, job_type, created_after and created_before."""
        return self._transport.send(jobs.page(limit=limit, cursor=cursor, **where))

    def all(self, **where: Unpack[JobsWhere]) -> Iterator[Job]:
        """Yield every job, newest first; they are chosen as in `list`."""
        return self._transport.every(lambda cursor: jobs.page(limit=LARGEST_PAGE, cursor=cursor, **where))

    def history(self, job_id: str) -> tuple[HistoryLine, ...]:
        """Tell all that happened to a job, oldest first."""
        return self._transport.send(jobs.history(job_id))

    def stream(self, job_id: str, *, last_event_id: str | None = None) -> Iterator[JobEvent]:
        """Yield the events of a job until it has ended."""
        return self._transport.follow(job_id, last_event_id)

    def cancel(self, job_id: str, *, reason: str | None = None) -> Job:
        """Cancel a job."""
        return self._transport.send(jobs.cancellation(job_id, reason))

    def retry(self, job_id: str, *, idempotency_key: str | None = None) -> int:
        """Run a job again after it has failed; return the number of the attempt."""
        return self._transport.send(jobs.retry(job_id, idempotency_key))

    def why(self, job_id: str) -> Why:
        """Explain why a job waits."""
        return self._transport.send(jobs.why(job_id))


class Assets(Resource):
    """The user's pictures, videos and other outputs."""

    def get(self, asset_id: str) -> Asset:
        """Read an asset, with the recipe that it was made by."""
        return self._transport.send(assets.get(asset_id))

    def list(self, *, limit: int = PAGE, cursor: str | None = None, **where: Unpack[AssetsWhere]) -> Page[Asset]:
        """Read one page of assets: by job_id, job_type, mime_type, created_after and created_before."""
        return self._transport.send(assets.page(limit=limit, cursor=cursor, **where))

    def all(self, **where: Unpack[AssetsWhere]) -> Iterator[Asset]:
        """Yield every asset; they are chosen as in `list`."""
        return self._transport.every(lambda cursor: assets.page(limit=LARGEST_PAGE, cursor=cursor, **where))

    def download(self, asset: Asset, file: Path | str) -> Path:
        """Save an asset; the file appears when it is complete."""
        self._transport.download(asset.content_path, Path(file))
        return Path(file)

    def delete(self, asset_id: str) -> None:
        """Delete an asset for good."""
        self._transport.send(assets.deletion(asset_id))


class JobTypes(Resource):
    """What can be made."""

    def list(self) -> tuple[JobType, ...]:
        """List the job types, with prices and whether a worker can do them now."""
        return self._transport.send(account.job_types())

    def queue_depth(self) -> dict[str, int]:
        """Count the steps that wait, by job type."""
        return self._transport.send(account.queue_depth())


class Credits(Resource):
    """The user's credits."""

    def balance(self) -> Balance:
        """Read how many credits can be spent, and how many are held back for jobs under way."""
        return self._transport.send(account.balance())

    def statement(self, *, limit: int = PAGE, cursor: str | None = None) -> Page[CreditLine]:
        """Read one page of what was spent on what, newest first."""
        return self._transport.send(account.statement(limit=limit, cursor=cursor))

    def all(self) -> Iterator[CreditLine]:
        """Yield every line of the statement, newest first."""
        return self._transport.every(lambda cursor: account.statement(limit=LARGEST_PAGE, cursor=cursor))


class Keys(Resource):
    """The user's API keys."""

    def list(self, *, limit: int = PAGE, cursor: str | None = None) -> Page[ApiKey]:
        """Read one page of the keys that were not revoked, newest first."""
        return self._transport.send(account.keys(limit=limit, cursor=cursor))

    def all(self) -> Iterator[ApiKey]:
        """Yield every key, newest first."""
        return self._transport.every(lambda cursor: account.keys(limit=LARGEST_PAGE, cursor=cursor))

    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        tier: str | None = None,
        scopes: Sequence[str] | None = None,
        idempotency_key: str | None = None,
    ) -> NewApiKey:
        """Make a key. Without `scopes` it may do all that the key or token of this client may."""
        return self._transport.send(
            account.new_key(name, description=description, tier=tier, scopes=scopes, idempotency_key=idempotency_key)
        )

    def change(
        self,
        key_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        tier: str | None = None,
        scopes: Sequence[str] | None = None,
        is_active: bool | None = None,
    ) -> ApiKey:
        """Change a key; what is None stays. With `is_active=False` it rests: it opens nothing."""
        return self._transport.send(
            account.key_change(
                key_id, name=name, description=description, tier=tier, scopes=scopes, is_active=is_active
            )
        )

    def revoke(self, key_id: str) -> None:
        """Revoke a key at once and for good."""
        self._transport.send(account.key_revocation(key_id))


class Webhooks(Resource):
    """The user's endpoints at webhook-dispatcher."""

    def list(self) -> tuple[Webhook, ...]:
        """List the endpoints."""
        return self._transport.send(webhooks.every())

    def get(self, webhook_id: str) -> Webhook:
        """Read an endpoint."""
        return self._transport.send(webhooks.get(webhook_id))

    def add(
        self,
        url: str,
        *,
        events: Sequence[str] | None = None,
        description: str | None = None,
        secret: str | None = None,
        idempotency_key: str | None = None,
    ) -> NewWebhook:
        """Register a URL for some events, or for all. The answer's `secret` verifies what arrives there."""
        return self._transport.send(
            webhooks.addition(
                url, events=events, description=description, secret=secret, idempotency_key=idempotency_key
            )
        )

    def change(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        active: bool | None = None,
    ) -> Webhook:
        """Change an endpoint; what is None stays. `active=True` switches one on again that was switched off."""
        return self._transport.send(
            webhooks.change(webhook_id, url=url, events=events, description=description, active=active)
        )

    def remove(self, webhook_id: str) -> None:
        """Remove an endpoint, its pending deliveries and its log."""
        self._transport.send(webhooks.removal(webhook_id))

    def test(self, webhook_id: str, *, idempotency_key: str | None = None) -> str:
        """Send a `webhook.test` event, and return the id that it arrives with."""
        return self._transport.send(webhooks.test(webhook_id, idempotency_key))

    def deliveries(self, webhook_id: str, *, limit: int = PAGE, cursor: str | None = None) -> Page[Delivery]:
        """Read one page of what was delivered, newest first."""
        return self._transport.send(webhooks.deliveries(webhook_id, limit=limit, cursor=cursor))

    def all_deliveries(self, webhook_id: str) -> Iterator[Delivery]:
        """Yield every delivery in the log, newest first."""
        return self._transport.every(lambda cursor: webhooks.deliveries(webhook_id, limit=LARGEST_PAGE, cursor=cursor))


class Tickets(Resource):
    """Tickets for browsers, which send no headers with streams and sockets."""

    def create(self, audience: str, *, job_id: str | None = None) -> Ticket:
        """Make a ticket for `job-stream` (of one job), `events` (of all of them) or `queue` (queue-api's socket)."""
        return self._transport.send(account.ticket(audience, job_id))
