"""What a loop does with an item that it cannot process: it puts the item aside and goes on with the others."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import ITEMS_REJECTED

log = get_logger(__name__)
BUGS = (TypeError, AttributeError, NameError, ImportError, AssertionError, NotImplementedError)
"""Errors of our own code rather than of an item; most probably they are the same for every item."""
MAX_BUGS_IN_A_ROW = 20
"""From then on an item is put aside only once each time the loop was restarted, which waits longer and longer."""

Result = TypeVar("Result")


class Isolation:
    """Runs the work of one loop on single items.

    Errors in `waits` are of the infrastructure and are raised: the item is tried again when the loop is restarted. For
    any other error the item is rejected, logged and counted. A bug, which would reject every item, ends the loop after
    `MAX_BUGS_IN_A_ROW`, so that the supervisor slows it down and readiness fails.
    """

    def __init__(self, loop: str, waits: tuple[type[Exception], ...]) -> None:
        self.loop, self.waits = loop, waits
        self._bugs_in_a_row = 0
        self._may_reject = False

    async def attempt(
        self,
        work: Callable[[], Awaitable[Result]],
        reject: Callable[[Exception], Awaitable[None]],
        **item: object,
    ) -> Result | None:
        """Return what `work` returns, or None once `reject` has put the item aside; `item` names it in the log."""
        try:
            result = await work()
        except self.waits:
            raise
        except Exception as error:
            self._check_bugs(error)
            log.exception("An item cannot be processed and is put aside", loop=self.loop, **item)
            ITEMS_REJECTED.labels(self.loop, type(error).__name__).inc()
            await reject(error)
            return None
        self._bugs_in_a_row = 0
        return result

    def _check_bugs(self, error: Exception) -> None:
        if not isinstance(error, BUGS):
            return
        self._bugs_in_a_row += 1
        if self._bugs_in_a_row > MAX_BUGS_IN_A_ROW:
            self._may_reject = not self._may_reject
            if self._may_reject:
                raise error
