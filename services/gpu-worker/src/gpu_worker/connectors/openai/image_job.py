"""The images of one job, several at a time."""

from functools import partial

from darkroom_outbound import GuardedClient
from darkroom_schemas.remote_payloads import OpenAIImagePayload

from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.attempt import Attempt
from gpu_worker.connectors.meter import Meter
from gpu_worker.connectors.once import Once
from gpu_worker.connectors.openai.failures import is_hopeless
from gpu_worker.connectors.openai.images import image_request, request_image, save_image
from gpu_worker.connectors.patience import patiently
from gpu_worker.connectors.received import received_output
from gpu_worker.connectors.recipes import backend_recipe
from gpu_worker.connectors.session import ServerSession
from gpu_worker.connectors.together import together

_AT_ONCE = 4


class ImageJob:
    """One attempt. Each image has a request of its own, so that no answer holds more than one in memory."""

    def __init__(
        self,
        entry: BackendEntry,
        session: ServerSession,
        guarded: GuardedClient,
        payload: OpenAIImagePayload,
        once: Once,
        current: Attempt,
    ) -> None:
        self._session, self._guarded, self._once = session, guarded, once
        self._payload, self._current = payload, current
        self._recipe = backend_recipe(entry, image_request(payload), prompt=payload.prompt, model=payload.model)
        self._meter = Meter(current.run)
        self._ready = 0

    async def perform(self) -> None:
        """Make all images and start their uploads. Raises ServerFault and Failure."""
        self._meter.at(1.0, "waiting for the images")
        await together((partial(self._one, index) for index in range(self._payload.count)), _AT_ONCE)

    async def _one(self, index: int) -> None:
        path = self._current.folder / str(index)
        ask = partial(self._once.send, partial(request_image, self._session, self._payload))
        image = await patiently(self._current.run, self._meter, ask, hopeless=is_hopeless)
        await save_image(self._session, self._guarded, image, path, self._payload.max_bytes)
        self._current.outputs.start(await received_output(path, index, self._recipe))
        self._ready += 1
        count = self._payload.count
        self._meter.at(100.0 * self._ready / count, "images", current_step=self._ready, total_steps=count)
