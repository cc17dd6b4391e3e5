"""What connections ask about jobs: whose they are, and what filters compare. One cache for the process."""

from collections import OrderedDict

from darkroom_queue import Producer
from darkroom_schemas.ids import StepId

from queue_api.domain.ports import KnownJob
from queue_api.domain.subscription import JobFacts

REMEMBERED = 20_000


_UNKNOWN = KnownJob(None, JobFacts(None, None))


class JobDirectory:
    """Implements `Directory`: looks jobs up in the queue, each once."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._known: OrderedDict[StepId, KnownJob] = OrderedDict()

    async def get(self, step_id: StepId) -> KnownJob:
        """Return what is known of a job; raises `RedisUnavailable`."""
        if (known := self._known.get(step_id)) is not None:
            self._known.move_to_end(step_id)
            return known
        view = await self._producer.read(step_id)
        known = _UNKNOWN if view is None else KnownJob(view.tenant, JobFacts(view.type or None, view.priority))
        self._known[step_id] = known
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return known
