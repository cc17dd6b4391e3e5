"""Rejects items that a loop cannot process, so that it continues with the others."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import ITEMS_REJECTED

log = get_logger(__name__)
BUGS = (TypeError, AttributeError, NameError, ImportError, AssertionError, NotImplementedError)
"""Errors that indicate a defect in the code rather than in an item. Probably every item raises them."""
MAX_BUGS_IN_A_ROW = 20
"""Beyond this number, only one item is rejected per restart of the loop, with growing backoff."""

Result = TypeVar("Result")


class Isolation:
    """Runs the work of a loop, one item at a time.

    Errors in `waits` come from the infrastructure and are raised: the item is retried when the loop restarts. For any
    other error the item is rejected, logged and counted. Because a bug would reject every item, it ends the loop after
    `MAX_BUGS_IN_A_ROW`; then the supervisor backs off and readiness fails.
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
        """Return the result of `work`, or None after `reject` has put the item aside. `item` identifies it in logs."""
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
