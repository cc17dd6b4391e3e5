"""Calls to the queue made by requests, with a time limit."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from darkroom_chassis.availability import ADVISORY_S, NEEDED_S, Availability, ServerUnavailable
from darkroom_queue import Insight, Producer, Waiting
from darkroom_redis import OperatorTickets, RedisUnavailable, Tickets
from darkroom_schemas.ids import StepId, TenantId
from darkroom_schemas.step import StepView

Answer = TypeVar("Answer")


class BoundedQueue:
    """Implements `RunningSteps`, `WaitingSteps`, `SocketTickets` and `OperatorTickets`.

    Raises `RedisUnavailable` during an outage.
    """

    def __init__(
        self,
        producer: Producer,
        insight: Insight,
        tickets: Tickets,
        operators: OperatorTickets,
        redis: Availability,
    ) -> None:
        self._producer, self._insight, self._tickets, self._redis = producer, insight, tickets, redis
        self._operators = operators

    async def read(self, step_id: StepId) -> StepView | None:
        return await self._ask(lambda: self._producer.read(step_id), ADVISORY_S)

    async def read_many(self, step_ids: Sequence[StepId]) -> list[StepView | None]:
        return await self._ask(lambda: self._producer.read_many(step_ids), ADVISORY_S)

    async def why_waiting(self, step_id: StepId, within_s: float = NEEDED_S) -> Waiting | None:
        return await self._ask(lambda: self._insight.why_waiting(step_id), within_s)

    async def make(self, tenant: TenantId | None, *, until_ms: int | None = None) -> str:
        return await self._ask(lambda: self._tickets.make(tenant, until_ms=until_ms), NEEDED_S)

    async def make_operator_ticket(self) -> str:
        return await self._ask(self._operators.make_operator_ticket, NEEDED_S)

    async def _ask(self, call: Callable[[], Awaitable[Answer]], within_s: float) -> Answer:
        try:
            return await self._redis.ask(call, within_s)
        except ServerUnavailable as error:
            raise RedisUnavailable(str(error)) from error
