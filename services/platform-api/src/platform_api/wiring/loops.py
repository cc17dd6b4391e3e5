"""What runs beside the routes."""

from collections.abc import Callable
from dataclasses import dataclass

from darkroom_chassis.database import DATABASE_AWAY
from darkroom_chassis.expiry import expire_regularly
from darkroom_chassis.loops import LoopSupervisor
from darkroom_chassis.metrics import ITEMS_REJECTED, UNREADABLE
from darkroom_queue import EventLog
from darkroom_redis import KeyDirectory, RedisUnavailable

from platform_api.clients.queue_clock import QueueClock
from platform_api.domain.assets.retention import Retention
from platform_api.loops.asset_retention import AssetRetention
from platform_api.loops.consumer import EventConsumer
from platform_api.loops.fanout import Fanout
from platform_api.loops.orphan_collection import OrphanCollector
from platform_api.loops.reconciler import Reconciler
from platform_api.loops.relay import Relay
from platform_api.loops.wakeup import Wakeup
from platform_api.store.accounts.login_throttle import delete_old_attempts
from platform_api.store.accounts.sessions import delete_expired_sessions
from platform_api.store.assets.object_deletions import PostgresObjectDeletions
from platform_api.store.assets.orphan_scans import PostgresOrphanScans
from platform_api.store.idempotency.expiry import delete_expired_keys
from platform_api.store.jobs.stale_steps import PostgresStaleSteps
from platform_api.store.log.offsets import PostgresOffsetStore
from platform_api.wiring.foundation import Foundation, utc_now


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops, and what routes and tests reach of them."""

    supervisor: LoopSupervisor
    fanout: Fanout
    reconciler: Reconciler
    relay_bell: Wakeup
    removal_bell: Wakeup


def join_loops(base: Foundation) -> Loops:
    """Make the loops; entering the supervisor starts them."""
    database, redis_client, outbox, urls = base.database, base.redis_client, base.outbox, base.urls
    relay_bell, reconcile_bell = Wakeup(), Wakeup()
    # Each reader has an EventLog of its own: it remembers where it stands.
    fanout = Fanout(EventLog(redis_client, on_unreadable=_count("fanout-events")), base.progress, base.redis)

    journal = PostgresOffsetStore(database)
    consumer = EventConsumer(
        EventLog(redis_client, "platform-api", on_unreadable=_count("event-consumer")),
        journal,
        urls,
        relay_bell=relay_bell,
        on_gap=reconcile_bell.ring,
        waits=DATABASE_AWAY,
    )
    relay = Relay(
        outbox,
        base.producer,
        KeyDirectory(redis_client),
        now_ms=QueueClock(redis_client).now_ms,
        epoch=redis_client.epoch,
        bell=relay_bell,
        urls=urls,
        waits=DATABASE_AWAY,
    )
    reconciler = Reconciler(
        stale=PostgresStaleSteps(database),
        jobs_transaction=base.jobs_transaction,
        producer=base.producer,
        event_log=EventLog(redis_client),
        consumer=consumer,
        urls=urls,
        clock=utc_now,
        bell=reconcile_bell,
        relay_bell=relay_bell,
        waits=DATABASE_AWAY,
    )
    loops = LoopSupervisor((RedisUnavailable, *DATABASE_AWAY))
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
    removal_bell = _keep_assets(base, loops)
    return Loops(loops, fanout, reconciler, relay_bell, removal_bell)


def _count(loop: str) -> Callable[[], None]:
    """Return what counts the entries of the log that a loop's reader cannot read."""
    return ITEMS_REJECTED.labels(loop, UNREADABLE).inc


def _keep_assets(base: Foundation, loops: LoopSupervisor) -> Wakeup:
    settings, bell = base.settings, Wakeup()
    retention = Retention(settings.asset_retention_days, settings.asset_retention_days_by_bucket)
    doomed = PostgresObjectDeletions(base.database)
    keeper = AssetRetention(doomed, base.objects, base.removal, retention, clock=utc_now, bell=bell)
    loops.add("object-deletion", keeper.run)
    loops.add("asset-retention", keeper.run_retention)
    leftovers = OrphanCollector(PostgresOrphanScans(base.database), base.objects, clock=utc_now)
    loops.add("leftovers", leftovers.run)
    return bell
