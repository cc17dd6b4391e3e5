"""The models and custom nodes of live workers, asked of the queue's registry."""

from darkroom_chassis.logs import get_logger
from darkroom_queue import QueueUnavailable, Registry

from platform_api.domain.library import Offered

log = get_logger(__name__)


class RegistryOffers:
    """Implements `WorkerOffers`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def offered(self) -> Offered:
        try:
            workers = [record.info.capabilities for record in await self._registry.workers()]
        except QueueUnavailable:
            log.warning("What workers offer is not known: Redis does not answer")
            workers = []
        return Offered(
            models=frozenset(name for worker in workers for name in worker.models),
            custom_nodes=frozenset(name for worker in workers for name in worker.custom_nodes),
        )
