"""The resources of the asynchronous client, as in `resources`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

from darkroom_client.async_job_handles import AsyncJobHandle
from darkroom_client.async_transport import AsyncTransport
from darkroom_client.calls import account, assets, jobs, webhooks
from darkroom_client.calls.assets import AssetsWhere
from darkroom_client.calls.jobs import JobsWhere
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
    JobType,
    NewApiKey,
    NewWebhook,
    Page,
    Replayed,
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
        """Return a handle of an existing job, without a request."""
        return AsyncJobHandle(job_id, self._transport)

    async def get(self, job_id: str) -> Job:
        """Read a job."""
        return await self._transport.send(jobs.get(job_id))

    async def list(self, *, limit: int = PAGE, cursor: str | None = None, **where: Unpack[JobsWhere]) -> Page[Job]:
        """Read one page of jobs, newest first. Filters: status, job_type, created_after, created_before."""
        return await self._transport.send(jobs.page(limit=limit, cursor=cursor, **where))

    def all(self, **where: Unpack[JobsWhere]) -> AsyncIterator[Job]:
        """Yield all jobs, newest first, with the filters of `list`."""
        return self._transport.every(lambda cursor: jobs.page(limit=LARGEST_PAGE, cursor=cursor, **where))

    async def history(self, job_id: str) -> tuple[HistoryLine, ...]:
        """Return the history of a job, oldest first."""
        return await self._transport.send(jobs.history(job_id))

    def stream(self, job_id: str, *, last_event_id: str | None = None) -> AsyncIterator[JobEvent]:
        """Yield the events of a job until it ends."""
        return self._transport.follow(job_id, last_event_id)

    async def cancel(self, job_id: str, *, reason: str | None = None) -> Job:
        """Cancel a job."""
        return await self._transport.send(jobs.cancellation(job_id, reason))

    async def retry(self, job_id: str, *, idempotency_key: str | None = None) -> int:
        """Run a failed job again. Returns the number of the attempt."""
        return await self._transport.send(jobs.retry(job_id, idempotency_key))

    async def why(self, job_id: str) -> Why:
        """Explain why a job waits."""
        return await self._transport.send(jobs.why(job_id))


class AsyncAssets(AsyncResource):
    """The user's images, videos and other outputs."""

    async def get(self, asset_id: str) -> Asset:
        """Read an asset, including its recipe."""
        return await self._transport.send(assets.get(asset_id))

    async def list(self, *, limit: int = PAGE, cursor: str | None = None, **where: Unpack[AssetsWhere]) -> Page[Asset]:
        """Read one page of assets. Filters: job_id, job_type, mime_type, created_after, created_before."""
        return await self._transport.send(assets.page(limit=limit, cursor=cursor, **where))

    def all(self, **where: Unpack[AssetsWhere]) -> AsyncIterator[Asset]:
        """Yield all assets, with the filters of `list`."""
        return self._transport.every(lambda cursor: assets.page(limit=LARGEST_PAGE, cursor=cursor, **where))

    async def download(self, asset: Asset, file: Path | str) -> Path:
        """Download an asset. The file is created when the download is complete."""
        await self._transport.download(asset.content_path, Path(file))
        return Path(file)

    async def upload(self, image: Path | str | bytes, *, idempotency_key: str | None = None) -> Asset:
        """Store a PNG, JPEG or WebP image, a file or its bytes, as an asset that jobs can read."""
        return await self._transport.send(assets.upload(image, idempotency_key))

    async def delete(self, asset_id: str) -> None:
        """Delete an asset permanently."""
        await self._transport.send(assets.deletion(asset_id))

    async def replay(
        self, asset_id: str, *, whole_batch: bool = False, idempotency_key: str | None = None
    ) -> tuple[AsyncJobHandle, int]:
        """Draw an asset again, at the price of its step, and return the job and the index of the output to compare.

        Equal bytes require `whole_batch` if the asset was drawn in a batch of several.
        """
        call = assets.replay(asset_id, whole_batch=whole_batch, idempotency_key=idempotency_key)
        started = await self._transport.send(call)
        return AsyncJobHandle(started.job_id, self._transport, started.notices), started.index


class AsyncJobTypes(AsyncResource):
    """The job types."""

    async def list(self) -> tuple[JobType, ...]:
        """List the job types, with prices and the availability of workers."""
        return await self._transport.send(account.job_types())

    async def queue_depth(self) -> dict[str, int]:
        """Return the number of waiting steps by job type."""
        return await self._transport.send(account.queue_depth())


class AsyncCredits(AsyncResource):
    """The user's credits."""

    async def balance(self) -> Balance:
        """Read the available credits, and those reserved for active jobs."""
        return await self._transport.send(account.balance())

    async def statement(self, *, limit: int = PAGE, cursor: str | None = None) -> Page[CreditLine]:
        """Read one page of the statement, newest first."""
        return await self._transport.send(account.statement(limit=limit, cursor=cursor))

    def all(self) -> AsyncIterator[CreditLine]:
        """Yield all lines of the statement, newest first."""
        return self._transport.every(lambda cursor: account.statement(limit=LARGEST_PAGE, cursor=cursor))


class AsyncKeys(AsyncResource):
    """The user's API keys."""

    async def list(self, *, limit: int = PAGE, cursor: str | None = None) -> Page[ApiKey]:
        """Read one page of the keys, newest first, without revoked ones."""
        return await self._transport.send(account.keys(limit=limit, cursor=cursor))

    def all(self) -> AsyncIterator[ApiKey]:
        """Yield all keys, newest first."""
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
        """Create a key. Without `scopes` it has all rights of this client's key or token."""
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
        """Change a key. None leaves a field unchanged. `is_active=False` deactivates it."""
        return await self._transport.send(
            account.key_change(
                key_id, name=name, description=description, tier=tier, scopes=scopes, is_active=is_active
            )
        )

    async def revoke(self, key_id: str) -> None:
        """Revoke a key immediately and permanently."""
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
        filters: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        ordered: bool | None = None,
        rate_per_s: float | None = None,
        idempotency_key: str | None = None,
    ) -> NewWebhook:
        """Register a URL for some events, or for all. The `secret` of the result verifies signatures."""
        return await self._transport.send(
            webhooks.addition(
                url,
                events=events,
                description=description,
                secret=secret,
                filters=filters,
                headers=headers,
                ordered=ordered,
                rate_per_s=rate_per_s,
                idempotency_key=idempotency_key,
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
        """Change an endpoint. None leaves a field unchanged. `active=True` enables a disabled endpoint again."""
        return await self._transport.send(
            webhooks.change(webhook_id, url=url, events=events, description=description, active=active)
        )

    async def remove(self, webhook_id: str) -> None:
        """Remove an endpoint, its pending deliveries and its log."""
        await self._transport.send(webhooks.removal(webhook_id))

    async def test(self, webhook_id: str, *, idempotency_key: str | None = None) -> str:
        """Send a `webhook.test` event and return the id of its message."""
        return await self._transport.send(webhooks.test(webhook_id, idempotency_key))

    async def rotate(
        self,
        webhook_id: str,
        *,
        secret: str | None = None,
        overlap_s: float | None = None,
        idempotency_key: str | None = None,
    ) -> str:
        """Replace the secret and return the new one. Both sign for `overlap_s` seconds, a day by default."""
        return await self._transport.send(
            webhooks.rotation(webhook_id, secret=secret, overlap_s=overlap_s, idempotency_key=idempotency_key)
        )

    async def replay(
        self,
        webhook_id: str,
        what: str,
        *,
        since: datetime | None = None,
        rate_per_s: float | None = None,
        idempotency_key: str | None = None,
    ) -> Replayed:
        """Make `failed` deliveries again, or those `missed` while the endpoint was disabled, so many per second."""
        return await self._transport.send(
            webhooks.replay(webhook_id, what, since=since, rate_per_s=rate_per_s, idempotency_key=idempotency_key)
        )

    async def replay_delivery(
        self, webhook_id: str, delivery_id: int, *, idempotency_key: str | None = None
    ) -> Replayed:
        """Make one delivery again, with the same message id."""
        return await self._transport.send(webhooks.delivery_replay(webhook_id, delivery_id, idempotency_key))

    async def attempts(self, webhook_id: str, delivery_id: int) -> tuple[Attempt, ...]:
        """Read the attempts of a delivery, oldest first."""
        return await self._transport.send(webhooks.attempts(webhook_id, delivery_id))

    async def deliveries(
        self, webhook_id: str, *, limit: int = PAGE, cursor: str | None = None, status: str | None = None
    ) -> Page[Delivery]:
        """Read one page of the delivery log, newest first. `status` chooses the deliveries."""
        return await self._transport.send(webhooks.deliveries(webhook_id, limit=limit, cursor=cursor, status=status))

    def all_deliveries(self, webhook_id: str) -> AsyncIterator[Delivery]:
        """Yield all deliveries in the log, newest first."""
        return self._transport.every(lambda cursor: webhooks.deliveries(webhook_id, limit=LARGEST_PAGE, cursor=cursor))


class AsyncTickets(AsyncResource):
    """Tickets for browsers, which send no headers with streams and WebSockets."""

    async def create(self, audience: str, *, job_id: str | None = None) -> Ticket:
        """Create a ticket for `job-stream` (one job), `events` (all jobs) or `queue` (queue-api's WebSocket)."""
        return await self._transport.send(account.ticket(audience, job_id))
