"""Assembles the context of the routes."""

import asyncio
from datetime import timedelta

from darkroom_chassis.connection_limit import ConnectionLimit
from darkroom_queue import Insight, Registry
from darkroom_redis import Tickets
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from platform_api.clients.backlog import QueueBacklog
from platform_api.clients.bounded_queue import BoundedQueue
from platform_api.clients.capacity import QueueCapacity
from platform_api.clients.fleet import RegisteredFleet
from platform_api.clients.password_hasher import Argon2Hasher
from platform_api.clients.replay import LogReplay
from platform_api.context import Context, Logins
from platform_api.domain.servers import ServerList
from platform_api.domain.verified_write import VerifiedWrite
from platform_api.http.session_cookie import CookiePolicy
from platform_api.store.accounts.accounts import PostgresAccounts
from platform_api.store.accounts.api_keys import PostgresApiKeys
from platform_api.store.accounts.credits import PostgresCredits
from platform_api.store.accounts.login_throttle import PostgresLoginThrottle
from platform_api.store.accounts.sessions import PostgresPasswords, PostgresSessions
from platform_api.store.assets.reads import PostgresAssets
from platform_api.store.idempotency.unit_of_work import PostgresIdempotency
from platform_api.store.jobs.reads import PostgresJobs
from platform_api.store.jobs.submissions import PostgresSubmissions
from platform_api.store.library.reads import PostgresLibrary
from platform_api.store.servers import PostgresServers
from platform_api.wiring.credentials import jwt_codec, rate_limits, token_verifier
from platform_api.wiring.foundation import Foundation, utc_now
from platform_api.wiring.loops import Loops


def join_context(base: Foundation, loops: Loops) -> Context:
    """Return the context: the ports and settings that routes use."""
    settings, database, redis_client, producer = base.settings, base.database, base.redis_client, base.producer
    insight, accounts, redis = Insight(redis_client), PostgresAccounts(database), base.redis
    queue = BoundedQueue(producer, insight, Tickets(redis_client), redis)
    return Context(
        accounts=accounts,
        api_keys=PostgresApiKeys(database),
        limits=rate_limits(settings, redis_client, redis),
        submissions=PostgresSubmissions(database),
        jobs=PostgresJobs(database),
        assets=PostgresAssets(database),
        jobs_transaction=base.jobs_transaction,
        idempotency=PostgresIdempotency(database),
        verified_write=VerifiedWrite((OperationalError, PoolTimeout), asyncio.sleep),
        credits=PostgresCredits(database),
        library=PostgresLibrary(database),
        backlog=QueueBacklog(producer.depth, base.outbox.waiting_submissions, redis),
        steps=queue,
        waiting=queue,
        capacity=QueueCapacity(Registry(redis_client), insight, producer, redis),
        fleet=RegisteredFleet(Registry(redis_client), redis),
        servers=ServerList(settings.server_aliases, PostgresServers(database)),
        feed=loops.fanout,
        replay=LogReplay(redis_client),
        objects=base.objects,
        asset_removal=base.removal,
        wake_object_deletion=loops.wake_object_deletion,
        urls=base.urls,
        tokens=jwt_codec(settings),
        tickets=queue,
        verifier=token_verifier(settings, accounts),
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
        wake_relay=loops.wake_relay,
        queue_max_depth=settings.queue_max_depth,
        keys_per_user=settings.api_keys_per_user,
        unknown_checkpoint=settings.stablequeue_unknown_checkpoint,
        sse_heartbeat_s=settings.sse_heartbeat_s,
        streams=ConnectionLimit(settings.sse_streams_per_user),
    )
