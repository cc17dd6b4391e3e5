"""Dependencies shared by loops and routes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from darkroom_chassis.availability import Availability
from darkroom_chassis.database import Database
from darkroom_queue import Producer, ProgressFeed, QueueClient
from darkroom_redis import RedisUnavailable

from platform_api.clients.objects import StoredObjects
from platform_api.domain.assets.signed_urls import UrlSigner
from platform_api.domain.jobs.ports import JobsTransaction
from platform_api.settings import Settings
from platform_api.store.assets.removal import PostgresAssetRemoval
from platform_api.store.jobs.changes import jobs_transaction
from platform_api.store.log.outbox import PostgresOutbox


@dataclass(frozen=True, slots=True)
class Foundation:
    """Connections, and the objects built from them or from settings."""

    settings: Settings
    database: Database
    redis_client: QueueClient
    redis: Availability
    producer: Producer
    progress: ProgressFeed
    outbox: PostgresOutbox
    jobs_transaction: JobsTransaction
    urls: UrlSigner
    objects: StoredObjects
    removal: PostgresAssetRemoval


@asynccontextmanager
async def open_foundation(settings: Settings) -> AsyncIterator[Foundation]:
    """Connect to PostgreSQL and Redis; disconnect in reverse order."""
    async with AsyncExitStack() as stack:
        database = Database(
            settings.database_url.get_secret_value(), application="platform-api", pool_size=settings.database_pool_size
        )
        stack.push_async_callback(database.close)
        redis_client = await QueueClient.open(settings.redis_url.get_secret_value())
        stack.push_async_callback(redis_client.close)
        yield Foundation(
            settings=settings,
            database=database,
            redis_client=redis_client,
            redis=Availability("Redis", (RedisUnavailable,)),
            producer=Producer(redis_client),
            progress=await stack.enter_async_context(ProgressFeed(redis_client)),
            outbox=PostgresOutbox(database),
            jobs_transaction=jobs_transaction(database),
            urls=UrlSigner(settings.signing_secret.get_secret_value(), settings.public_url),
            objects=StoredObjects(settings.object_store_url),
            removal=PostgresAssetRemoval(database),
        )


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)
