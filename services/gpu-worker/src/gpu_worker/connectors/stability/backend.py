"""The Stability API behind the Backend port."""

import time
from functools import partial

from darkroom_schemas.remote_payloads import StabilityPayload
from darkroom_schemas.step import StepResult

from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.allowed_models import require_allowed
from gpu_worker.connectors.attempt import attempt
from gpu_worker.connectors.meter import Meter
from gpu_worker.connectors.once import Once
from gpu_worker.connectors.paced_ping import PacedPing
from gpu_worker.connectors.patience import patiently
from gpu_worker.connectors.received import received_output
from gpu_worker.connectors.recipes import backend_recipe
from gpu_worker.connectors.server_faults import ServerFault, readiness
from gpu_worker.connectors.session import ServerSession
from gpu_worker.connectors.stability.generation import form_of, generate, stability_failure
from gpu_worker.connectors.step_payload import payload_of
from gpu_worker.connectors.stopping import unless_stopped
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Discovery
from gpu_worker.domain.ports import StepRun

_SERVICES = ("core", "sd3", "ultra")


class StabilityBackend:
    """Serves `stability_api`. Requests are charged: one that the service may have received is not repeated."""

    types = ("stability_api",)

    def __init__(self, entry: BackendEntry, tools: Tools) -> None:
        self._entry, self._storage = entry, tools.storage
        credential = None if entry.credential is None else tools.credentials[entry.credential]
        url = entry.url or ""
        self._session = ServerSession(url, credential)
        self._ping = PacedPing(url, self._balance)

    async def ping(self) -> None:
        """Ask for the account's balance; raises ConnectorNotReady."""
        with readiness():
            await self._ping()

    async def discover(self) -> Discovery:
        """Return the services; raises ConnectorNotReady."""
        with readiness():
            await self._balance()
        return Discovery(models=_SERVICES)

    async def run(self, run: StepRun) -> StepResult:
        """Run one attempt; raises Failure, and Stopped after a stop request."""
        started = time.perf_counter()
        payload = payload_of(run, StabilityPayload)
        require_allowed(self._entry, payload.service, "service")
        meter = Meter(run)
        with Once(run, applies=True) as once:
            async with attempt(run, self._storage) as current:
                path = current.folder / "0"
                meter.at(1.0, "waiting for the image")
                send = partial(once.send, partial(generate, self._session, payload, path))
                try:
                    seed = await unless_stopped(run.stop, patiently(run, meter, send))
                except ServerFault as fault:
                    raise stability_failure(fault) from fault
                recipe = backend_recipe(
                    self._entry, dict(form_of(payload)), prompt=payload.prompt, seed=seed, model=payload.service
                )
                current.outputs.start(await received_output(path, 0, recipe))
                return await current.result({"stability": round(time.perf_counter() - started, 3)})

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _balance(self) -> None:
        await self._session.json("GET", "/v1/user/balance")
