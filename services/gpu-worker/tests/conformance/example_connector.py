"""A connector for a server that answers `POST /draw` with a picture; docs/adding-a-connector.md explains it."""

from pathlib import Path

from darkroom_schemas.remote_payloads import A1111Payload
from darkroom_schemas.step import StepResult
from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.attempt import attempt
from gpu_worker.connectors.downloads import download
from gpu_worker.connectors.received import received_output
from gpu_worker.connectors.recipes import backend_recipe
from gpu_worker.connectors.server_faults import ServerFault, failure_of, readiness
from gpu_worker.connectors.session import ServerSession
from gpu_worker.connectors.step_payload import payload_of
from gpu_worker.connectors.stopping import unless_stopped
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Discovery
from gpu_worker.domain.ports import StepRun


class DrawBackend:
    """Implements `Backend`."""

    types = ("a1111",)

    def __init__(self, entry: BackendEntry, tools: Tools) -> None:
        credential = None if entry.credential is None else tools.credentials[entry.credential]
        self._entry, self._storage = entry, tools.storage
        self._session = ServerSession(entry.url or "", credential)

    async def ping(self) -> None:
        await self.discover()

    async def discover(self) -> Discovery:
        with readiness():
            return Discovery(models=tuple(await self._session.json("GET", "/models", timeout_s=3.0)))

    async def run(self, run: StepRun) -> StepResult:
        payload = payload_of(run, A1111Payload)
        async with attempt(run, self._storage) as current:
            for index, seed in enumerate(payload.seeds):
                path, request = current.folder / str(index), {"prompt": payload.prompt, "seed": seed}
                try:
                    await unless_stopped(run.stop, self._draw(request, path, payload.max_bytes))
                except ServerFault as fault:
                    raise failure_of(fault) from fault
                recipe = backend_recipe(self._entry, request, prompt=payload.prompt, seed=seed)
                current.outputs.start(await received_output(path, index, recipe))
                run.progress(99.0 * (index + 1) / len(payload.seeds), message=f"image {index + 1}")
            return await current.result({})

    async def close(self) -> None:
        await self._session.close()

    async def _draw(self, request: dict[str, object], path: Path, max_bytes: int) -> None:
        async with self._session.open("POST", "/draw", json=request, timeout_s=None, silence_s=300.0) as answer:
            await download(answer, path, max_bytes)
