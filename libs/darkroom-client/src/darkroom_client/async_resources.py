"""What a client has beside submissions: the same as `resources`, asynchronously."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Unpack

from darkroom_client.async_job_handles import AsyncJobHandle
from darkroom_client.async_transport import AsyncTransport
from darkroom_client.calls import account, assets, jobs, webhooks
from darkroom_client.calls.assets import AssetsWhere
from darkroom_client.calls.jobs import JobsWhere
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

PAGE = 50
LARGEST_PAGE = 200


class AsyncResource:
    """Sends calls over the client's transport."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport


class AsyncJobs(AsyncResource):
    """The user's jobs."""

    def attach(self, job_id: str) -> AsyncJobHandle:
        """Return a handle of a job that was submitted earlier, without asking the service."""
        return AsyncJobHandle(job_id, self._transport)

    async def get(self, job_id: str) -> Job:
        """Read a job."""
        return await self._transport.send(jobs.get(job_id))

    async def list(self, *, limit: int = PAGE, cursor: str | None = None, **where: Unpack[JobsWhere]) -> Page[Job]:
        """Read one page of jobs, newest first: by status, job_type, created_after and created_before."""
        return await self._transport.send(jobs.page(limit=limit, cursor=cursor, **where))

    def all(self, **where: Unpack[JobsWhere]) -> AsyncIterator[Job]:
        """Yield every job, newest first; they are chosen as in `list`."""
        return self._transport.every(lambda cursor: jobs.page(limit=LARGEST_PAGE, cursor=cursor, **where))

    async def history(self, job_id: str) -> tuple[HistoryLine, ...]:
        """Tell all that happened to a job, oldest first."""
        return await self._transport.send(jobs.history(job_id))

    def stream(self, job_id: str, *, last_event_id: str | None = None) -> AsyncIterator[JobEvent]:
        """Yield the events of a job until it has ended."""
        return self._transport.follow(job_id, last_event_id)

    async def cancel(self, job_id: str, *, reason: str | None = None) -> Job:
        """Cancel a job."""
        return await self._transport.send(jobs.cancellation(job_id, reason))

    async def retry(self, job_id: str, *, idempotency_key: str | None = None) -> int:
        """Run a job again after it has failed; return the number of the attempt."""
        return await self._transport.send(jobs.retry(job_id, idempotency_key))

    async def why(self, job_id: str) -> Why:
        """Explain why a job waits."""
        return await self._transport.send(jobs.why(job_id))


class AsyncAssets(AsyncResource):
    """The user's pictures, videos and other outputs."""

    async def get(self, asset_id: str) -> Asset:
        """Read an asset, with the recipe that it was made by."""
        return await self._transport.send(assets.get(asset_id))

    async def list(self, *, limit: int = PAGE, cursor: str | None = None, **where: Unpack[AssetsWhere]) -> Page[Asset]:
        """Read one page of assets: by job_id, job_type, mime_type, created_after and created_before."""
        return await self._transport.send(assets.page(limit=limit, cursor=cursor, **where))

    def all(self, **where: Unpack[AssetsWhere]) -> AsyncIterator[Asset]:
        """Yield every asset; they are chosen as in `list`."""
        return self._transport.every(lambda cursor: assets.page(limit=LARGEST_PAGE, cursor=cursor, **where))

    async def download(self, asset: Asset, file: Path | str) -> Path:
        """Save an asset; the file appears when it is complete."""
        await self._transport.download(asset.content_path, Path(file))
        return Path(file)

    async def delete(self, asset_id: str) -> None:
        """Delete an asset for good."""
        await self._transport.send(assets.deletion(asset_id))


class AsyncJobTypes(AsyncResource):
    """What can be made."""

    async def list(self) -> tuple[JobType, ...]:
        """List the job types, with prices and whether a worker can do them now."""
        return await self._transport.send(account.job_types())

    async def queue_depth(self) -> dict[str, int]:
        """Count the steps that wait, by job type."""
        return await self._transport.send(account.queue_depth())


class AsyncCredits(AsyncResource):
    """The user's credits."""

    async def balance(self) -> Balance:
        """Read how many credits can be spent, and how many are held back for jobs under way."""
        return await self._transport.send(account.balance())

    async def statement(self, *, limit: int = PAGE, cursor: str | None = None) -> Page[CreditLine]:
        """Read one page of what was spent on what, newest first."""
        return await self._transport.send(account.statement(limit=limit, cursor=cursor))

    def all(self) -> AsyncIterator[CreditLine]:
        """Yield every line of the statement, newest first."""
        return self._transport.every(lambda cursor: account.statement(limit=LARGEST_PAGE, cursor=cursor))


class AsyncKeys(AsyncResource):
    """The user's API keys."""

    async def list(self, *, limit: int = PAGE, cursor: str | None = None) -> Page[ApiKey]:
        """Read one page of the keys that were not revoked, newest first."""
        return await self._transport.send(account.keys(limit=limit, cursor=cursor))

    def all(self) -> AsyncIterator[ApiKey]:
        """Yield every key, newest first."""
        return self._transport.every(lambda cursor: account.keys(limit=LARGEST_PAGE, cursor=cursor))

    async def create(
        self,
        name: str,
        *,
        description: str | None = None,
        tier: str | None = None,
        scopes: Sequence[str] | None = None,
        idempotency_key: str | None = None,
    ) -> NewApiKey:
        """Make a key. Without `scopes` it may do all that the key or token of this client may."""
        return await self._transport.send(
            account.new_key(name, description=description, tier=tier, scopes=scopes, idempotency_key=idempotency_key)
        )

    async def change(
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
        return await self._transport.send(
            account.key_change(
                key_id, name=name, description=description, tier=tier, scopes=scopes, is_active=is_active
            )
        )

    async def revoke(self, key_id: str) -> None:
        """Revoke a key at once and for good."""
        await self._transport.send(account.key_revocation(key_id))


class AsyncWebhooks(AsyncResource):
    """The user's endpoints at webhook-dispatcher."""

    async def list(self) -> tuple[Webhook, ...]:
        """List the endpoints."""
        return await self._transport.send(webhooks.every())

    async def get(self, webhook_id: str) -> Webhook:
        """Read an endpoint."""
        return await self._transport.send(webhooks.get(webhook_id))

    async def add(
        self,
        url: str,
        *,
        events: Sequence[str] | None = None,
        description: str | None = None,
        secret: str | None = None,
        idempotency_key: str | None = None,
    ) -> NewWebhook:
        """Register a URL for some events, or for all. The answer's `secret` verifies what arrives there."""
        return await self._transport.send(
            webhooks.addition(
                url, events=events, description=description, secret=secret, idempotency_key=idempotency_key
            )
        )

    async def change(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        active: bool | None = None,
    ) -> Webhook:
        """Change an endpoint; what is None stays. `active=True` switches one on again that was switched off."""
        return await self._transport.send(
            webhooks.change(webhook_id, url=url, events=events, description=description, active=active)
        )

    async def remove(self, webhook_id: str) -> None:
        """Remove an endpoint, its pending deliveries and its log."""
        await self._transport.send(webhooks.removal(webhook_id))

    async def test(self, webhook_id: str, *, idempotency_key: str | None = None) -> str:
        """Send a `webhook.test` event, and return the id that it arrives with."""
        return await self._transport.send(webhooks.test(webhook_id, idempotency_key))

    async def deliveries(self, webhook_id: str, *, limit: int = PAGE, cursor: str | None = None) -> Page[Delivery]:
        """Read one page of what was delivered, newest first."""
        return await self._transport.send(webhooks.deliveries(webhook_id, limit=limit, cursor=cursor))

    def all_deliveries(self, webhook_id: str) -> AsyncIterator[Delivery]:
        """Yield every delivery in the log, newest first."""
        return self._transport.every(lambda cursor: webhooks.deliveries(webhook_id, limit=LARGEST_PAGE, cursor=cursor))


class AsyncTickets(AsyncResource):
    """Tickets for browsers, which send no headers with streams and sockets."""

    async def create(self, audience: str, *, job_id: str | None = None) -> Ticket:
        """Make a ticket for `job-stream` (of one job), `events` (of all of them) or `queue` (queue-api's socket)."""
        return await self._transport.send(account.ticket(audience, job_id))
