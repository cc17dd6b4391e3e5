"""Waits for servers that are too busy, inside an attempt, so that none is used up."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gpu_worker.connectors.meter import Meter
from gpu_worker.connectors.server_faults import BUSY, Refused
from gpu_worker.connectors.stopping import pause
from gpu_worker.domain.ports import StepRun

T = TypeVar("T")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 60.0
_SHORTEST_PAUSE_S = 0.1
_MOST_WAITS = 100


async def patiently(
    run: StepRun,
    meter: Meter,
    send: Callable[[], Awaitable[T]],
    *,
    hopeless: Callable[[Refused], bool] = lambda _: False,
) -> T:
    """Return what `send` returns. It is called again after a 429, and after a 503 with Retry-After.

    Such a server has not processed the request. The pauses are those of Retry-After, otherwise they double from 2 s to
    60 s. Raises Refused if the next pause would not end before the step's time limit, or if the refusal is `hopeless`;
    and Stopped after a stop request.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + run.step.timeout_s
    for number in range(_MOST_WAITS):
        try:
            return await send()
        except Refused as refused:
            seconds = _pause_s(refused, number)
            if seconds is None or hopeless(refused) or loop.time() + seconds >= deadline:
                raise
        meter.say(f"the server is busy, waiting {seconds:.0f} s")
        await pause(seconds, run.stop)
    return await send()


def _pause_s(refused: Refused, number: int) -> float | None:
    if refused.status not in BUSY:
        return None
    if refused.retry_after_s is not None:
        return max(refused.retry_after_s, _SHORTEST_PAUSE_S)
    return min(_FIRST_PAUSE_S * 2 ** min(number, 10), _LONGEST_PAUSE_S) if refused.status == 429 else None
