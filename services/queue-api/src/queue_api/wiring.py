"""Composition root: the only module that reads settings and connects the parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from darkroom_chassis.availability import Availability
from darkroom_chassis.connection_limit import ConnectionLimit
from darkroom_chassis.loops import LoopSupervisor
from darkroom_chassis.metrics import ITEMS_REJECTED, UNREADABLE
from darkroom_queue import (
    Control,
    DeadLetters,
    EventFanout,
    IndexWriter,
    Insight,
    JobIndex,
    Meter,
    Producer,
    QueueClient,
    Registry,
    Series,
    Sweeper,
)
from darkroom_redis import OperatorTickets, RedisUnavailable, Tickets

from queue_api.clients.client_jobs import ClientJobs
from queue_api.clients.event_frames import EventFrames
from queue_api.clients.group_store import GroupStore
from queue_api.clients.job_directory import JobDirectory
from queue_api.clients.outputs import SignedOutputs
from queue_api.clients.system_state import SystemState
from queue_api.context import Context
from queue_api.domain.calibration import Calibration
from queue_api.loops.calibrator import Calibrator
from queue_api.loops.fleet_board import FleetBoard
from queue_api.loops.gauges import Gauges
from queue_api.loops.group_keeper import GroupKeeper
from queue_api.loops.progress_board import ProgressBoard
from queue_api.settings import Settings


@dataclass(frozen=True, slots=True)
class Running:
    """The assembled service: the context of routes and WebSockets, and the background loops."""

    context: Context
    loops: LoopSupervisor


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[Running]:
    """Connect and start the loops. Stops them and disconnects at the end."""
    redis_client = await QueueClient.open(str(settings.redis_url))
    producer, registry, dead_letters = Producer(redis_client), Registry(redis_client), DeadLetters(redis_client)
    frames = EventFrames(producer)
    fanout = EventFanout(
        redis_client,
        on_unreadable=ITEMS_REJECTED.labels("event-fanout", UNREADABLE).inc,
        prepare=frames.prepare,
    )
    board, loops = ProgressBoard(redis_client), LoopSupervisor((RedisUnavailable,))
    sweeper = Sweeper(
        redis_client,
        lease_s=settings.queue_lease_s,
        retention_s=settings.queue_event_retention_s,
        log_max_bytes=settings.queue_event_log_max_bytes,
    )
    fleet = FleetBoard(redis_client, registry)
    loops.add("event-fanout", fanout.run)
    loops.add("fleet", fleet.run)
    loops.add("progress", board.run)
    loops.add("sweeper", sweeper.run)
    loops.add("job-index", IndexWriter(redis_client).run)
    insight, calibration, control = Insight(redis_client), Calibration(), Control(redis_client)
    jobs = JobIndex(redis_client)
    calibrator = Calibrator(insight, fanout, calibration)
    loops.add("eta-samples", calibrator.sample)
    loops.add("eta-verdicts", calibrator.watch)
    gauges = Gauges(
        Meter(redis_client),
        producer=producer,
        jobs=jobs,
        dead_letters=dead_letters,
        insight=insight,
        control=control,
        fleet=fleet,
    )
    loops.add("gauges", gauges.run)
    groups = GroupStore(redis_client)
    keeper = GroupKeeper(groups, producer, registry, fanout, max_depth=settings.queue_max_depth)
    loops.add("group-events", keeper.follow)
    loops.add("group-moves", keeper.react)
    loops.add("group-scan", keeper.scan)
    secret = settings.signing_secret
    context = Context(
        redis_client=redis_client,
        redis=Availability("Redis", (RedisUnavailable,)),
        producer=producer,
        registry=registry,
        insight=insight,
        control=control,
        dead_letters=dead_letters,
        jobs=jobs,
        series=Series(redis_client),
        calibration=calibration,
        fanout=fanout,
        progress=board,
        board=fleet,
        frames=frames,
        directory=JobDirectory(producer),
        client_jobs=ClientJobs(redis_client),
        groups=groups,
        group_mover=keeper,
        outputs=SignedOutputs(
            settings.object_store_url, secret.get_secret_value() if secret else None, settings.public_url
        ),
        groups_need_token=settings.groups_need_token,
        state=SystemState(producer, insight, dead_letters, fleet),
        tickets=Tickets(redis_client),
        operator_tickets=OperatorTickets(redis_client),
        connections=ConnectionLimit(settings.ws_connections_per_client),
        auth_token=settings.auth_token.get_secret_value() if settings.auth_token else None,
        max_depth=settings.queue_max_depth,
    )
    try:
        async with loops:
            yield Running(context, loops)
    finally:
        await redis_client.close()
