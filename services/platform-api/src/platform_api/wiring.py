"""The composition root: joins settings, stores, queue and loops. It alone reads settings."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from darkroom_chassis.database import Database
from darkroom_chassis.loops import LoopSupervisor
from darkroom_chassis.tokens import JwtCodec
from darkroom_queue import EventLog, KeyDirectory, Producer, ProgressFeed, RedisLink

from platform_api.clients.backlog import QueueBacklog
from platform_api.clients.objects import ObjectReader
from platform_api.clients.queue_clock import QueueClock
from platform_api.domain.signed_urls import UrlSigner
from platform_api.loops.consumer import EventConsumer
from platform_api.loops.doorbell import Doorbell
from platform_api.loops.fanout import Fanout, LogReplay
from platform_api.loops.housekeeping import expire_idempotency_keys
from platform_api.loops.reconciler import Reconciler
from platform_api.loops.relay import Relay
from platform_api.routes.context import Context
from platform_api.settings import Settings
from platform_api.store.acceptance import PostgresAcceptance
from platform_api.store.accounts import PostgresAccounts
from platform_api.store.assets import PostgresAssets
from platform_api.store.idempotency import delete_expired_keys
from platform_api.store.job_changes import jobs_transaction
from platform_api.store.jobs import PostgresJobs
from platform_api.store.offsets import PostgresJournal
from platform_api.store.outbox import PostgresOutbox
from platform_api.store.stale_steps import PostgresStaleSteps


@dataclass(frozen=True, slots=True)
class Running:
    """The service, put together: what its routes use, what runs beside them, and what must work to be ready."""

    context: Context
    loops: LoopSupervisor
    fanout: Fanout
    reconciler: Reconciler
    database: Database


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def jwt_codec(settings: Settings) -> JwtCodec:
    """Make the codec of this platform's tokens."""
    return JwtCodec(settings.jwt_secret.get_secret_value(), settings.jwt_issuer, settings.jwt_audience)


@asynccontextmanager
async def open_accounts(settings: Settings) -> AsyncIterator[PostgresAccounts]:
    """Open the accounts alone, for operators' commands."""
    database = Database(settings.database_url.get_secret_value(), application="platform-api", pool_size=1)
    try:
        yield PostgresAccounts(database)
    finally:
        await database.close()


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[Running]:
    """Connect everything and start the loops; disconnect in reverse order."""
    async with AsyncExitStack() as stack:
        database = Database(
            settings.database_url.get_secret_value(), application="platform-api", pool_size=settings.database_pool_size
        )
        stack.push_async_callback(database.close)
        link = await RedisLink.open(settings.redis_url.get_secret_value())
        stack.push_async_callback(link.close)
        running = await _join(settings, database, link, stack)
        await stack.enter_async_context(running.loops)
        yield running


async def _join(settings: Settings, database: Database, link: RedisLink, stack: AsyncExitStack) -> Running:
    producer, outbox, journal = Producer(link), PostgresOutbox(database), PostgresJournal(database)
    urls = UrlSigner(settings.signing_secret.get_secret_value(), settings.public_url)
    unit_of_work = jobs_transaction(database)
    relay_bell, reconcile_bell = Doorbell(), Doorbell()
    progress = await stack.enter_async_context(ProgressFeed(link))
    # Each reader has an EventLog of its own: it remembers where it stands.
    fanout = Fanout(EventLog(link), progress)

    async def on_gap() -> None:
        await outbox.request_all_keys()
        reconcile_bell.ring()

    consumer = EventConsumer(EventLog(link), journal, urls, relay_bell=relay_bell, on_gap=on_gap)
    relay = Relay(outbox, producer, KeyDirectory(link), now_ms=QueueClock(link).now_ms, bell=relay_bell, urls=urls)
    reconciler = Reconciler(
        stale=PostgresStaleSteps(database),
        unit_of_work=unit_of_work,
        producer=producer,
        event_log=EventLog(link),
        consumer=consumer,
        urls=urls,
        clock=utc_now,
        bell=reconcile_bell,
        relay_bell=relay_bell,
    )
    loops = LoopSupervisor()
    loops.add("relay", relay.run)
    loops.add("event-consumer", consumer.run)
    loops.add("reconciler", reconciler.run)
    loops.add("fanout-events", fanout.run_events)
    loops.add("fanout-progress", fanout.run_progress)
    loops.add("idempotency-expiry", lambda: expire_idempotency_keys(lambda: delete_expired_keys(database)))
    context = Context(
        accounts=PostgresAccounts(database),
        acceptance=PostgresAcceptance(database),
        jobs=PostgresJobs(database),
        assets=PostgresAssets(database),
        unit_of_work=unit_of_work,
        backlog=QueueBacklog(producer.depth, outbox.waiting_submissions),
        steps=producer,
        feed=fanout,
        replay=LogReplay(EventLog(link)),
        objects=ObjectReader(settings.object_store_url),
        urls=urls,
        tokens=jwt_codec(settings),
        clock=utc_now,
        ring_relay=relay_bell.ring,
        queue_max_depth=settings.queue_max_depth,
        sse_heartbeat_s=settings.sse_heartbeat_s,
    )
    return Running(context, loops, fanout, reconciler, database)
