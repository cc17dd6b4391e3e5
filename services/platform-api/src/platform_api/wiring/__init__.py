"""The composition root: joins settings, stores, queue and loops. It alone reads settings."""

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
]


@dataclass(frozen=True, slots=True)
class Running:
    """The service, put together: what its routes use, what runs beside them, and what must work to be ready."""

    context: Context
    loops: LoopSupervisor
    fanout: Fanout
    reconciler: Reconciler | None
    database: Database


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[Running]:
    """Connect everything and start the loops; disconnect in reverse order."""
    async with open_foundation(settings) as base:
        loops = join_loops(base)
        running = Running(join_context(base, loops), loops.supervisor, loops.fanout, loops.reconciler, base.database)
        async with running.loops:
            yield running


@dataclass(frozen=True, slots=True)
class RunningLoops:
    """The loops in a process of their own, and what must work for it to be ready."""

    loops: LoopSupervisor
    database: Database


@asynccontextmanager
async def assemble_loops(settings: Settings) -> AsyncIterator[RunningLoops]:
    """Connect everything that loops need and start them; disconnect in reverse order."""
    async with open_foundation(settings) as base:
        running = RunningLoops(join_writing_loops(base), base.database)
        async with running.loops:
            yield running
