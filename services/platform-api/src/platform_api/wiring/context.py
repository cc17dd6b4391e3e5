"""Assembles the context of the routes."""

import asyncio
from datetime import timedelta

from darkroom_chassis.connection_limit import ConnectionLimit
from darkroom_queue import Insight, Registry
from darkroom_redis import OperatorTickets, Tickets
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from standardwebhooks import Webhook

from platform_api.clients.backlog import QueueBacklog
from platform_api.clients.bounded_queue import BoundedQueue
from platform_api.clients.capacity import QueueCapacity
from platform_api.clients.fleet import RegisteredFleet
from platform_api.clients.image_inspector import PillowInspector
from platform_api.clients.password_hasher import Argon2Hasher
from platform_api.clients.zip_archives import ZipArchives
from platform_api.context import AccountContext, AssetContext, Context, JobContext, Logins, StreamContext
from platform_api.domain.servers import ServerList
from platform_api.domain.verified_write import VerifiedWrite
from platform_api.http.session_cookie import CookiePolicy
from platform_api.settings import Settings
from platform_api.store.accounts.accounts import PostgresAccounts
from platform_api.store.accounts.api_keys import PostgresApiKeys
from platform_api.store.accounts.credits import PostgresCredits
from platform_api.store.accounts.deletion import PostgresUserDeletion
from platform_api.store.accounts.export import PostgresUserRecords
from platform_api.store.accounts.login_throttle import PostgresLoginThrottle
from platform_api.store.accounts.sessions import PostgresPasswords, PostgresSessions
from platform_api.store.accounts.user_admin import PostgresUserAdmin
from platform_api.store.assets.marks import PostgresAssetMarks
from platform_api.store.assets.reads import PostgresAssets
from platform_api.store.assets.uploads import PostgresAnnouncedObjects
from platform_api.store.idempotency.unit_of_work import PostgresIdempotency
from platform_api.store.jobs.reads import PostgresJobs
from platform_api.store.jobs.submissions import PostgresSubmissions
from platform_api.store.library.presets import PostgresPresets
from platform_api.store.library.reads import PostgresLibrary
from platform_api.store.servers import PostgresServers
from platform_api.wiring.credentials import jwt_codec, rate_limits, sign_in_codec, token_verifier
from platform_api.wiring.foundation import Foundation, utc_now
from platform_api.wiring.loops import Loops


def join_context(base: Foundation, loops: Loops) -> Context:
    """Return the context: the ports and settings that routes use."""
    settings, database = base.settings, base.database
    tickets, operators = Tickets(base.redis_client), OperatorTickets(base.redis_client)
    queue = BoundedQueue(base.producer, Insight(base.redis_client), tickets, operators, base.redis)
    return Context(
        jobs=_jobs(base, loops, queue),
        accounts=_accounts(base),
        assets=AssetContext(
            reads=PostgresAssets(database),
            files=PostgresAssets(database),
            objects=base.objects,
            removal=base.removal,
            marks=PostgresAssetMarks(database),
            wake_deletion=loops.wake_object_deletion,
            inspector=PillowInspector(),
            announced=PostgresAnnouncedObjects(database),
            upload_objects=base.objects,
            uploads_per_user=settings.uploads_per_user,
            archives=ZipArchives(settings.object_store_url),
            archive_max_bytes=settings.archive_max_bytes,
        ),
        streams=StreamContext(
            subscriptions=loops.fanout,
            replay=loops.recent,
            tickets=queue,
            operator_tickets=queue,
            heartbeat_s=settings.sse_heartbeat_s,
            places=ConnectionLimit(settings.sse_streams_per_user),
        ),
        library=PostgresLibrary(database),
        presets=PostgresPresets(database),
        servers=ServerList(settings.server_aliases, PostgresServers(database)),
        unknown_checkpoint=settings.stablequeue_unknown_checkpoint,
        queue_webhooks=_queue_webhooks(settings),
        idempotency=PostgresIdempotency(database),
        urls=base.urls,
        clock=utc_now,
    )


def _queue_webhooks(settings: Settings) -> Webhook | None:
    secret = settings.queue_webhook_secret
    return None if secret is None else Webhook(secret.get_secret_value())


def _jobs(base: Foundation, loops: Loops, queue: BoundedQueue) -> JobContext:
    registry, producer = Registry(base.redis_client), base.producer
    low_below_mc = round(base.settings.credits_low_below * 1000)
    return JobContext(
        submissions=PostgresSubmissions(base.database, low_below_mc=low_below_mc),
        reads=PostgresJobs(base.database),
        transaction=base.jobs_transaction,
        verified_write=VerifiedWrite((OperationalError, PoolTimeout), asyncio.sleep),
        backlog=QueueBacklog(producer.depth, base.outbox.waiting_submissions, base.redis),
        steps=queue,
        waiting=queue,
        capacity=QueueCapacity(registry, Insight(base.redis_client), producer, base.redis),
        fleet=RegisteredFleet(registry, base.redis),
        wake_relay=loops.wake_relay,
        max_depth=base.settings.queue_max_depth,
    )


def _accounts(base: Foundation) -> AccountContext:
    settings, database = base.settings, base.database
    users = PostgresAccounts(database)
    return AccountContext(
        users=users,
        admin=PostgresUserAdmin(database),
        api_keys=PostgresApiKeys(database),
        keys_per_user=settings.api_keys_per_user,
        credits=PostgresCredits(database),
        records=PostgresUserRecords(database),
        deletion=PostgresUserDeletion(database),
        limits=rate_limits(settings, base.redis_client, base.redis),
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
        tokens=jwt_codec(settings),
        sign_in_tokens=sign_in_codec(settings),
        verifier=token_verifier(settings, users),
    )
