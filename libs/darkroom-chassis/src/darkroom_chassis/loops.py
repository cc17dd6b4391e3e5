"""Background loops of a service: started and stopped with it, restarted with backoff when they crash."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import LOOP_RESTARTS

log = get_logger(__name__)
FIRST_BACKOFF_S, LONGEST_BACKOFF_S, STEADY_AFTER_S = 0.1, 10.0, 60.0


class LoopSupervisor:
    """Async context manager that runs named coroutines until the service stops.

    `waits` are the errors of unavailable servers. A loop that raises one is restarted without a traceback in the log.
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
        """Raise while a loop waits to be restarted (a readiness check)."""
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
        backoff_s = FIRST_BACKOFF_S
        while True:
            started = clock()
            self._down.pop(name, None)
            try:
                await run()
                log.error("A background loop ended by itself", loop=name)
            except self._waits as error:
                reason = type(error).__name__
                log.warning("A background loop waits for a server", loop=name, reason=reason, retry_in_s=backoff_s)
                self._down[name] = reason
            except Exception as error:  # a loop must survive any exception
                log.exception("A background loop crashed", loop=name)
                self._down[name] = type(error).__name__
            LOOP_RESTARTS.labels(name).inc()
            if clock() - started > STEADY_AFTER_S:
                backoff_s = FIRST_BACKOFF_S
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)
