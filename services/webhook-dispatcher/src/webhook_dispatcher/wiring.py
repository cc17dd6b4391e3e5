"""Composition root: the only module that reads settings and connects the parts."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from darkroom_chassis.availability import Availability
from darkroom_chassis.database import DATABASE_AWAY, Database
from darkroom_chassis.expiry import expire_regularly
from darkroom_chassis.loops import LoopSupervisor
from darkroom_chassis.metrics import ITEMS_REJECTED, UNREADABLE
from darkroom_chassis.rate_limit import RateLimit, RateLimiter
from darkroom_outbound import OutboundPolicy
from darkroom_queue import EventLog, QueueClient
from darkroom_redis import KeyDirectory, OperatorTickets, RateLimits, RedisUnavailable

from webhook_dispatcher.clients.addresses import Addresses
from webhook_dispatcher.clients.rate_limits import RedisRateLimits
from webhook_dispatcher.clients.sender import WebhookSender
from webhook_dispatcher.context import Context, Quotas
from webhook_dispatcher.loops.dispatch import DispatchLoop
from webhook_dispatcher.loops.fleet import FleetLoop
from webhook_dispatcher.loops.intake import IntakeLoop
from webhook_dispatcher.loops.measure import measure_regularly
from webhook_dispatcher.loops.notices import send_notices
from webhook_dispatcher.loops.progress import ProgressLoop
from webhook_dispatcher.loops.wake import wake_regularly
from webhook_dispatcher.settings import Settings
from webhook_dispatcher.store.backlog import PostgresBacklog
from webhook_dispatcher.store.delivery_log import PostgresDeliveryLog
from webhook_dispatcher.store.due_deliveries import PostgresDueDeliveries
from webhook_dispatcher.store.endpoints import PostgresEndpoints
from webhook_dispatcher.store.fleet import PostgresFleet
from webhook_dispatcher.store.idempotency import PostgresIdempotency, delete_expired_keys
from webhook_dispatcher.store.intake import PostgresIntake
from webhook_dispatcher.store.notices import PostgresDisabledNotices
from webhook_dispatcher.store.progress_targets import PostgresProgressTargets
from webhook_dispatcher.store.retention import delete_excess, delete_old, delete_old_job_webhooks
from webhook_dispatcher.store.secret_box import FernetBox
from webhook_dispatcher.store.signing_keys import PostgresSigningKeys
from webhook_dispatcher.store.watched_endpoints import PostgresWatchedEndpoints


@dataclass(frozen=True, slots=True)
class Running:
    """The assembled service: the context of routes, the background loops, and the servers checked for readiness."""

    context: Context
    loops: LoopSupervisor
    redis_client: QueueClient
    database: Database


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[Running]:
    """Connect and start the loops. Stops them and disconnects at the end."""
    redis_client = await QueueClient.open(str(settings.redis_url))
    database = Database(
        str(settings.database_url), application="webhook-dispatcher", pool_size=settings.webhook_pool_size
    )
    box, arrived = FernetBox(settings.secrets_key.get_secret_value(), settings.old_keys), asyncio.Event()
    loops = LoopSupervisor((RedisUnavailable, *DATABASE_AWAY))
    policy = OutboundPolicy(settings.webhook_allowed_networks)
    keys = PostgresSigningKeys(database, box)
    sender = WebhookSender(policy, keys, timeout_s=settings.webhook_timeout_s)
    # Names are resolved in threads. A name whose server hangs occupies one for up to 30 s.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2 * settings.webhook_concurrency))
    due = PostgresDueDeliveries(
        database,
        box,
        parallel=settings.webhook_concurrency_per_endpoint,
        rate_per_s=settings.webhook_rate_per_endpoint,
    )
    dispatch = DispatchLoop(
        due,
        sender,
        arrived,
        schedule_s=settings.webhook_schedule_s,
        concurrency=settings.webhook_concurrency,
        per_tenant=settings.webhook_concurrency_per_tenant,
        waits=DATABASE_AWAY,
    )
    event_log = EventLog(
        redis_client, "webhook-dispatcher", on_unreadable=ITEMS_REJECTED.labels("intake", UNREADABLE).inc
    )
    intake = IntakeLoop(event_log, PostgresIntake(database, box), arrived, waits=DATABASE_AWAY)
    loops.add("intake", intake.run)
    loops.add("dispatch", lambda: _dispatch(keys, dispatch))
    loops.add("signing keys", keys.reload_regularly)
    loops.add("progress", ProgressLoop(redis_client, PostgresProgressTargets(database, box), sender).run)
    backlog = PostgresBacklog(database)
    loops.add("measure", lambda: measure_regularly(backlog))
    loops.add("fleet", FleetLoop(redis_client, PostgresFleet(database), arrived).run)
    loops.add("notices", lambda: send_notices(PostgresDisabledNotices(database), arrived))
    loops.add("wake", lambda: wake_regularly(due))
    expiring = {
        "Idempotency keys": lambda: delete_expired_keys(database),
        "old messages": lambda: delete_old(database, days=settings.webhook_kept_days),
        "webhooks of old jobs": lambda: delete_old_job_webhooks(database, days=settings.webhook_kept_days),
        "deliveries beyond the limit": lambda: delete_excess(database, kept=settings.webhook_kept_deliveries),
    }
    loops.add("expiry", lambda: expire_regularly(expiring))
    redis = Availability("Redis", (RedisUnavailable,))
    quotas = Quotas(
        settings.webhook_endpoints_per_tenant,
        RateLimiter(RedisRateLimits(RateLimits(redis_client), redis)),
        RateLimit("requests", settings.webhook_requests_per_minute),
        RateLimit("sends", settings.webhook_sends_per_minute),
    )
    context = Context(
        directory=KeyDirectory(redis_client),
        operator_tickets=OperatorTickets(redis_client),
        redis=redis,
        endpoints=PostgresEndpoints(database, box),
        watched=PostgresWatchedEndpoints(database),
        backlog=backlog,
        deliveries=PostgresDeliveryLog(database),
        idempotency=PostgresIdempotency(database, box),
        keys=keys,
        arrived=arrived,
        urls=Addresses(policy),
        quotas=quotas,
    )
    try:
        async with sender, loops:
            yield Running(context, loops, redis_client, database)
    finally:
        await database.close()
        await redis_client.close()


async def _dispatch(keys: PostgresSigningKeys, dispatch: DispatchLoop) -> None:
    """Dispatch once the signing key is loaded. The loop waits for the database like any other one."""
    await keys.load()
    await dispatch.run()
