"""Background loops of a service: started and stopped with it, restarted with backoff when they crash."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import LOOP_RESTARTS

log = get_logger(__name__)
FIRST_BACKOFF_S, LONGEST_BACKOFF_S, STEADY_AFTER_S = 0.1, 10.0, 60.0
LONGEST_OUTAGE_BACKOFF_S = 2.0
"""Limit of the backoff while a server is unavailable: its return must be noticed soon."""


class LoopSupervisor:
    """Async context manager that runs named coroutines until the service stops.

    `waits` are the errors of unavailable servers. A loop raises them instead of waiting itself: it is restarted after
    0.1 s, doubling up to 2 s, with one line in the log for each outage. Any other exception is a crash: it is logged
    with its traceback, and the backoff grows up to 10 s.
    """

    def __init__(self, waits: tuple[type[Exception], ...] = ()) -> None:
        self._waits = waits
        self._loops: dict[str, Callable[[], Awaitable[None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._down: dict[str, str] = {}

    def add(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Register a loop before the supervisor is entered."""
        self._loops[name] = run

    async def check(self) -> None:
        """Raise while a loop that crashed waits to be restarted (a readiness check).

        An unavailable server does not count: a service that needs it has a readiness check of its own.
        """
        if self._down:
            raise RuntimeError(f"loops down: {', '.join(sorted(self._down))}")

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._keep_running(n, r), name=n) for n, r in self._loops.items()]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep_running(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        clock = asyncio.get_running_loop().time
        backoff_s, waits_for = FIRST_BACKOFF_S, ""
        while True:
            started, longest_s = clock(), LONGEST_BACKOFF_S
            self._down.pop(name, None)
            try:
                await run()
                log.error("A background loop ended by itself", loop=name)
            except self._waits as error:
                longest_s, reason = LONGEST_OUTAGE_BACKOFF_S, type(error).__name__
                if reason != waits_for or clock() - started > STEADY_AFTER_S:
                    log.warning("A background loop waits for a server", loop=name, reason=reason)
                waits_for = reason
            except Exception as error:  # a loop must survive any exception
                log.exception("A background loop crashed", loop=name)
                self._down[name], waits_for = type(error).__name__, ""
            LOOP_RESTARTS.labels(name).inc()
            if clock() - started > STEADY_AFTER_S:
                backoff_s = FIRST_BACKOFF_S
            backoff_s = min(backoff_s, longest_s)
            await asyncio.sleep(backoff_s)
            backoff_s *= 2
