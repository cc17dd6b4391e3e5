"""The composition root: connects settings, stores, queue and loops. Only this package reads settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from darkroom_chassis.database import Database
from darkroom_chassis.loops import LoopSupervisor

from platform_api.context import Context
from platform_api.loops.fanout import Fanout
from platform_api.loops.reconciler import Reconciler
from platform_api.settings import Settings
from platform_api.wiring.context import join_context
from platform_api.wiring.credentials import jwt_codec
from platform_api.wiring.for_commands import (
    open_accounts,
    open_api_keys,
    open_credits,
    open_new_api_keys,
    open_passwords,
    open_personal_data,
)
from platform_api.wiring.foundation import open_foundation
from platform_api.wiring.loops import join_loops, join_writing_loops

__all__ = [
    "Running",
    "RunningLoops",
    "assemble",
    "assemble_loops",
    "jwt_codec",
    "open_accounts",
    "open_api_keys",
    "open_credits",
    "open_new_api_keys",
    "open_passwords",
    "open_personal_data",
]


@dataclass(frozen=True, slots=True)
class Running:
    """The assembled service: the context of its routes, its loops, and the dependencies of its readiness."""

    context: Context
    loops: LoopSupervisor
    fanout: Fanout
    reconciler: Reconciler | None
    database: Database


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[Running]:
    """Connect all dependencies and start the loops; disconnect in reverse order."""
    async with open_foundation(settings) as base:
        loops = join_loops(base)
        running = Running(join_context(base, loops), loops.supervisor, loops.fanout, loops.reconciler, base.database)
        async with running.loops:
            yield running


@dataclass(frozen=True, slots=True)
class RunningLoops:
    """The loops as a separate process, and the dependencies of its readiness."""

    loops: LoopSupervisor
    database: Database


@asynccontextmanager
async def assemble_loops(settings: Settings) -> AsyncIterator[RunningLoops]:
    """Connect the loops' dependencies and start the loops; disconnect in reverse order."""
    async with open_foundation(settings) as base:
        running = RunningLoops(join_writing_loops(base), base.database)
        async with running.loops:
            yield running
