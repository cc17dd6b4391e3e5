"""The composition root: joins settings, stores, queue and loops. It alone reads settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from darkroom_chassis.database import Database
from darkroom_chassis.jwks import JwksVerifier, TokenVerifier, keys_at
from darkroom_chassis.loops import LoopSupervisor
from darkroom_chassis.rate_limit import RateLimiter
from darkroom_chassis.tokens import JwtCodec
from darkroom_queue import (
    EventLog,
    Insight,
    KeyDirectory,
    Producer,
    ProgressFeed,
    Quotas,
    RedisLink,
    Registry,
    Tickets,
)
from darkroom_schemas.api_key import Tier
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from platform_api.clients.backlog import QueueBacklog
from platform_api.clients.counts import RedisCounts
from platform_api.clients.fleet import RegisteredFleet
from platform_api.clients.objects import StoredObjects
from platform_api.clients.outlook import QueueOutlook
from platform_api.clients.password_hasher import Argon2Hasher
from platform_api.clients.queue_clock import QueueClock
from platform_api.clients.replay import LogReplay
from platform_api.domain.credits import CreditChanges
from platform_api.domain.persistence import Persistence
from platform_api.domain.retention import Retention
from platform_api.domain.servers import ServerList
from platform_api.domain.sessions import PasswordHasher, Passwords
from platform_api.domain.signed_urls import UrlSigner
from platform_api.loops.asset_keeper import AssetKeeper
from platform_api.loops.consumer import EventConsumer
from platform_api.loops.doorbell import Doorbell
from platform_api.loops.fanout import Fanout
from platform_api.loops.housekeeping import expire_regularly
from platform_api.loops.reconciler import Reconciler
from platform_api.loops.relay import Relay
from platform_api.routes.context import Context, Logins
from platform_api.routes.limits import Limits, per_minute
from platform_api.routes.session_cookie import CookiePolicy
from platform_api.settings import Settings
from platform_api.store.acceptance import PostgresAcceptance
from platform_api.store.accounts import PostgresAccounts
from platform_api.store.api_keys import PostgresApiKeys
from platform_api.store.asset_removal import PostgresAssetRemoval
from platform_api.store.assets import PostgresAssets
from platform_api.store.credits import PostgresCreditChanges, PostgresCredits
from platform_api.store.doomed_objects import PostgresDoomedObjects
from platform_api.store.idempotency import delete_expired_keys
from platform_api.store.job_changes import jobs_transaction
from platform_api.store.jobs import PostgresJobs
from platform_api.store.library import PostgresLibrary
from platform_api.store.login_throttle import PostgresLoginThrottle, delete_old_attempts
from platform_api.store.offsets import PostgresJournal
from platform_api.store.once import PostgresOnce
from platform_api.store.outbox import PostgresOutbox
from platform_api.store.servers import PostgresServers
from platform_api.store.sessions import PostgresPasswords, PostgresSessions, delete_expired_sessions
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


def token_verifier(settings: Settings) -> TokenVerifier:
    """Make what verifies tokens: our own, and those of the identity provider if one is set."""
    provider = None
    if settings.jwt_jwks:
        provider = JwksVerifier(
            keys_at(settings.jwt_jwks),
            settings.jwt_jwks_algorithm,
            settings.jwt_jwks_issuer,
            settings.jwt_jwks_audience,
        )
    return TokenVerifier(jwt_codec(settings), provider)


@asynccontextmanager
async def open_accounts(settings: Settings) -> AsyncIterator[PostgresAccounts]:
    """Open the accounts alone, for operators' commands."""
    async with _open_database(settings) as database:
        yield PostgresAccounts(database)


@asynccontextmanager
async def open_passwords(settings: Settings) -> AsyncIterator[tuple[Passwords, PasswordHasher]]:
    """Open the passwords alone, for operators' commands."""
    async with _open_database(settings) as database:
        yield PostgresPasswords(database), Argon2Hasher()


@asynccontextmanager
async def open_credits(settings: Settings) -> AsyncIterator[CreditChanges]:
    """Open a transaction on balances alone, for operators' commands."""
    async with _open_database(settings) as database, database.begin() as connection:
        yield PostgresCreditChanges(connection)


@asynccontextmanager
async def _open_database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_url.get_secret_value(), application="platform-api", pool_size=1)
    try:
        yield database
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


def _limits(settings: Settings, link: RedisLink) -> Limits:
    return Limits(
        RateLimiter(RedisCounts(Quotas(link))),
        by_tier={
            Tier.STANDARD: per_minute(settings.rate_limit_standard, settings.rate_limit_standard_submissions),
            Tier.PREMIUM: per_minute(settings.rate_limit_premium, settings.rate_limit_premium_submissions),
        },
        user=per_minute(settings.rate_limit_user, settings.rate_limit_user_submissions),
    )


async def _join(settings: Settings, database: Database, link: RedisLink, stack: AsyncExitStack) -> Running:
    producer, outbox, journal = Producer(link), PostgresOutbox(database), PostgresJournal(database)
    urls = UrlSigner(settings.signing_secret.get_secret_value(), settings.public_url)
    unit_of_work = jobs_transaction(database)
    insight = Insight(link)
    relay_bell, reconcile_bell = Doorbell(), Doorbell()
    progress = await stack.enter_async_context(ProgressFeed(link))
    # Each reader has an EventLog of its own: it remembers where it stands.
    fanout = Fanout(EventLog(link), progress)

    async def on_gap() -> None:
        await outbox.request_all_keys()
        reconcile_bell.ring()

    consumer = EventConsumer(EventLog(link, "platform-api"), journal, urls, relay_bell=relay_bell, on_gap=on_gap)
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
    expiring = {
        "Idempotency keys": lambda: delete_expired_keys(database),
        "Sessions": lambda: delete_expired_sessions(database),
        "Counts of logins": lambda: delete_old_attempts(database),
    }
    loops.add("expiry", lambda: expire_regularly(expiring))
    objects, removal = StoredObjects(settings.object_store_url), PostgresAssetRemoval(database)
    retention = Retention(settings.asset_retention_days, settings.asset_retention_days_by_bucket)
    removal_bell = Doorbell()
    keeper = AssetKeeper(PostgresDoomedObjects(database), objects, removal, retention, clock=utc_now, bell=removal_bell)
    loops.add("object-deletion", keeper.run)
    loops.add("asset-retention", keeper.run_retention)
    context = Context(
        accounts=PostgresAccounts(database),
        api_keys=PostgresApiKeys(database),
        limits=_limits(settings, link),
        acceptance=PostgresAcceptance(database),
        jobs=PostgresJobs(database),
        assets=PostgresAssets(database),
        unit_of_work=unit_of_work,
        once=PostgresOnce(database),
        persistence=Persistence((OperationalError, PoolTimeout), asyncio.sleep),
        credits=PostgresCredits(database),
        library=PostgresLibrary(database),
        backlog=QueueBacklog(producer.depth, outbox.waiting_submissions),
        steps=producer,
        waiting=insight,
        types_now=QueueOutlook(Registry(link), insight, producer),
        fleet=RegisteredFleet(Registry(link)),
        servers=ServerList(settings.server_aliases, PostgresServers(database)),
        feed=fanout,
        replay=LogReplay(link),
        objects=objects,
        asset_removal=removal,
        ring_keeper=removal_bell.ring,
        urls=urls,
        tokens=jwt_codec(settings),
        tickets=Tickets(link),
        verifier=token_verifier(settings),
        logins=Logins(
            sessions=PostgresSessions(database),
            passwords=PostgresPasswords(database),
            hasher=Argon2Hasher(),
            throttle=PostgresLoginThrottle(database),
        ),
        cookies=CookiePolicy(
            secure=settings.public_url.startswith("https://"),
            origins=settings.origins,
            lifetime=timedelta(seconds=settings.session_lifetime_s),
        ),
        clock=utc_now,
        ring_relay=relay_bell.ring,
        queue_max_depth=settings.queue_max_depth,
        sse_heartbeat_s=settings.sse_heartbeat_s,
    )
    return Running(context, loops, fanout, reconciler, database)
