"""Assembles the background loops."""

from collections.abc import Callable
from dataclasses import dataclass

from darkroom_chassis.database import DATABASE_AWAY
from darkroom_chassis.expiry import expire_regularly
from darkroom_chassis.loops import LoopSupervisor
from darkroom_chassis.metrics import ITEMS_REJECTED, UNREADABLE
from darkroom_queue import EventFanout, EventLog
from darkroom_redis import KeyDirectory, RedisUnavailable, WakeupReceiver, WakeupSender
from darkroom_redis.rounds import PeriodicRound

from platform_api.clients.queue_clock import QueueClock
from platform_api.clients.recent_events import RecentEvents
from platform_api.domain.assets.retention import Retention
from platform_api.loops.asset_retention import AssetRetention
from platform_api.loops.consumer import EventConsumer
from platform_api.loops.fanout import Fanout
from platform_api.loops.gauges import publish_regularly
from platform_api.loops.orphan_collection import OrphanCollector
from platform_api.loops.reconciler import EVERY_S, OLD_EVERY_S, EventsPending, Reconciler
from platform_api.loops.relay import Relay
from platform_api.loops.wakeup import Wakeup
from platform_api.store.accounts.login_throttle import delete_old_attempts
from platform_api.store.accounts.sessions import delete_expired_sessions
from platform_api.store.assets.object_deletions import PostgresObjectDeletions
from platform_api.store.assets.orphan_scans import PostgresOrphanScans
from platform_api.store.idempotency.expiry import delete_expired_keys
from platform_api.store.jobs.stale_steps import PostgresStaleSteps
from platform_api.store.log.backlog import PostgresPlatformBacklog
from platform_api.store.log.offsets import PostgresOffsetStore
from platform_api.wiring.foundation import Foundation, utc_now

Wake = Callable[[], None]
RELAY, OBJECT_DELETION = "relay", "object-deletion"


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops of a process, and the parts that its routes and tests use. Entering the supervisor starts them."""

    supervisor: LoopSupervisor
    fanout: Fanout
    recent: RecentEvents
    reconciler: Reconciler | None
    wake_relay: Wake
    wake_object_deletion: Wake


def join_loops(base: Foundation) -> Loops:
    """Create the loops of a process that serves requests. Loops that write may run elsewhere (PLATFORM_LOOPS)."""
    supervisor = _supervisor()
    events = EventFanout(base.redis_client, on_unreadable=_count("fanout-events"))
    fanout = Fanout(events, base.progress, base.redis)
    recent = RecentEvents(base.redis_client, events)
    supervisor.add("fanout-events", events.run)
    supervisor.add("recent-events", recent.run)
    supervisor.add("fanout-progress", fanout.run_progress)
    if base.settings.loops:
        writing = _add_writing_loops(base, supervisor)
        return Loops(supervisor, fanout, recent, writing.reconciler, writing.relay.wake, writing.object_deletion.wake)
    relay, deletion = WakeupSender(base.redis_client, RELAY), WakeupSender(base.redis_client, OBJECT_DELETION)
    return Loops(supervisor, fanout, recent, None, relay.wake, deletion.wake)


def join_writing_loops(base: Foundation) -> LoopSupervisor:
    """Create the loops of a process that serves no requests; other processes wake it through Redis."""
    supervisor = _supervisor()
    writing = _add_writing_loops(base, supervisor)
    wakeups = {RELAY: writing.relay.wake, OBJECT_DELETION: writing.object_deletion.wake}
    supervisor.add("wakeups", WakeupReceiver(base.redis_client, wakeups).run)
    return supervisor


def _supervisor() -> LoopSupervisor:
    return LoopSupervisor((RedisUnavailable, EventsPending, *DATABASE_AWAY))


@dataclass(frozen=True, slots=True)
class _WritingLoops:
    reconciler: Reconciler
    relay: Wakeup
    object_deletion: Wakeup


def _add_writing_loops(base: Foundation, loops: LoopSupervisor) -> _WritingLoops:
    database, redis_client, outbox, urls = base.database, base.redis_client, base.outbox, base.urls
    wake_relay, wake_reconciler = Wakeup(), Wakeup()
    consumer = EventConsumer(
        EventLog(redis_client, "platform-api", on_unreadable=_count("event-consumer")),
        PostgresOffsetStore(database),
        urls,
        relay_wakeup=wake_relay,
        on_gap=wake_reconciler.wake,
        acknowledge_ends=base.producer.acknowledge_ends,
        waits=DATABASE_AWAY,
    )
    relay = Relay(
        outbox,
        base.producer,
        KeyDirectory(redis_client),
        now_ms=QueueClock(redis_client).now_ms,
        epoch=redis_client.epoch,
        wakeup=wake_relay,
        urls=urls,
        waits=DATABASE_AWAY,
    )
    reconciler = Reconciler(
        stale=PostgresStaleSteps(database),
        jobs_transaction=base.jobs_transaction,
        queue=base.producer,
        event_log=EventLog(redis_client),
        consumer=consumer,
        urls=urls,
        clock=utc_now,
        wakeup=wake_reconciler,
        relay_wakeup=wake_relay,
        claim_round=PeriodicRound(redis_client, "reconciler", period_s=0.9 * EVERY_S).claim,
        claim_old_round=PeriodicRound(redis_client, "reconciler-old", period_s=0.9 * OLD_EVERY_S).claim,
        waits=DATABASE_AWAY,
    )
    loops.add("relay", relay.run)
    loops.add("event-consumer", consumer.run)
    loops.add("reconciler", reconciler.run)
    expiring = {
        "Idempotency keys": lambda: delete_expired_keys(database),
        "Sessions": lambda: delete_expired_sessions(database),
        "Login counters": lambda: delete_old_attempts(database),
    }
    loops.add("expiry", lambda: expire_regularly(expiring))
    backlog = PostgresPlatformBacklog(database)
    loops.add("gauges", lambda: publish_regularly(backlog))
    return _WritingLoops(reconciler, wake_relay, _add_asset_loops(base, loops))


def _count(loop: str) -> Callable[[], None]:
    """Return a function that counts the log entries that a loop's reader cannot parse."""
    return ITEMS_REJECTED.labels(loop, UNREADABLE).inc


def _add_asset_loops(base: Foundation, loops: LoopSupervisor) -> Wakeup:
    settings, wake_deletion = base.settings, Wakeup()
    retention = Retention(settings.asset_retention_days, settings.asset_retention_days_by_bucket)
    deletions = PostgresObjectDeletions(base.database)
    assets = AssetRetention(deletions, base.objects, base.removal, retention, clock=utc_now, wakeup=wake_deletion)
    loops.add("object-deletion", assets.run)
    loops.add("asset-retention", assets.run_retention)
    orphans = OrphanCollector(PostgresOrphanScans(base.database), base.objects, clock=utc_now)
    loops.add("orphan-collection", orphans.run)
    return wake_deletion
