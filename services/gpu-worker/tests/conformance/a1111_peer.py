"""A server that behaves as A1111's web UI: one queue for all, whose work goes on when its client has gone.

Forge takes the ids of clients' tasks and has `/internal/progress`; other servers have neither, or no progress at all.
"""

import asyncio
import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.backends.entry import BackendType

from .answering_peer import picture
from .scripted_server import ScriptedServer
from .suite import Subject

CHECKPOINTS = [
    {"title": f"{name}.safetensors [{sha256[:10]}]", "model_name": name.replace("/", "_"), "hash": sha256[:10],
     "sha256": sha256, "filename": f"/models/Stable-diffusion/{name}.safetensors", "config": None}
    for name, sha256 in (("base", "0a1b2c3d4e" + "0" * 54), ("sub/other", "ffee00112233" + "1" * 52))
]  # fmt: skip


@dataclass
class Job:
    """A piece of work in the queue."""

    own: bool
    id: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    end: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by an interruption, and at the end of foreign work."""
    task: asyncio.Task[None] | None = None


class A1111Peer(ScriptedServer):
    """Draws one picture after another."""

    def __init__(self, *, takes_ids: bool = True, has_progress: bool = True) -> None:
        super().__init__()
        self._takes_ids, self._has_progress = takes_ids, has_progress
        self._lock = asyncio.Lock()
        self._jobs: list[Job] = []
        self._running: Job | None = None
        self._begun = 0
        self._is_interrupted = False
        self.interruptions = 0
        self.wants_login = False
        """Whether the routes of the web page, unlike the API, are closed."""
        self.bodies: list[tuple[str, dict[str, Any]]] = []

    @property
    def own_work(self) -> int:
        """Number of jobs of clients that speak to the server."""
        return sum(job.own for job in self._jobs)

    @property
    def foreign_work(self) -> int:
        """Number of jobs that `occupy` added."""
        return len(self._jobs) - self.own_work

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.get("/sdapi/v1/sd-models", self._models)
        yield web.post("/sdapi/v1/txt2img", self._draw)
        yield web.post("/sdapi/v1/img2img", self._draw)
        if self._has_progress:
            yield web.get("/sdapi/v1/progress", self._progress)
            yield web.post("/sdapi/v1/interrupt", self._interrupt)
            yield web.get("/sdapi/v1/samplers", self._samplers)
            yield web.get("/sdapi/v1/loras", self._loras)
            yield web.get("/sdapi/v1/memory", self._memory)
        if self._takes_ids:
            yield web.post("/internal/progress", self._task)

    def forget(self) -> None:
        for job in self._jobs:
            if job.task is not None:
                job.task.cancel()
        self._jobs.clear()
        self._running, self._lock = None, asyncio.Lock()

    def occupy(self) -> None:
        self._add(Job(own=False))

    def end_foreign(self) -> None:
        """Let foreign work come to its end."""
        for job in self._jobs:
            if not job.own:
                job.end.set()

    def interrupt_running(self) -> None:
        """Do what the button in the web UI does."""
        if self._running is not None:
            self._is_interrupted = True
            self._running.end.set()

    def _add(self, job: Job) -> Job:
        self._jobs.append(job)
        job.task = asyncio.create_task(self._work(job))
        return job

    async def _work(self, job: Job) -> None:
        async with self._lock:
            self._running = job
            self._begun += 1
            self._is_interrupted = False
            if job.own:
                self.began.set()
                released = asyncio.create_task(self.released())
                ended = asyncio.create_task(job.end.wait())
                await asyncio.wait({released, ended}, return_when=asyncio.FIRST_COMPLETED)
                released.cancel()
                ended.cancel()
            else:
                await job.end.wait()
            self._running = None
            self._jobs.remove(job)

    async def _draw(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append((request.path.rpartition("/")[2], body))
        if body.get("sampler_name") == "Unheard of":
            return web.json_response({"detail": "Sampler not found"}, status=404)
        if body["prompt"] == "too large":
            error = {"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "CUDA out of memory. Tried 9 GiB"}
            return web.json_response(error, status=500)
        job = self._add(Job(own=True, id=body.get("force_task_id", ""), body=body))
        assert job.task is not None
        await asyncio.shield(job.task)
        if self.endless:
            return await self.send_endless(request, b'{"images": ["' + b"A" * 100_000)
        info = {"seed": body["seed"], "sd_model_name": "base", "version": "v1.10.1"}
        image = base64.b64encode(picture()).decode()
        return web.json_response({"images": [image, image], "parameters": {}, "info": json.dumps(info)})

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response(CHECKPOINTS)

    async def _samplers(self, request: web.Request) -> web.Response:
        return web.json_response([{"name": "Euler", "aliases": ["k_euler"], "options": {}}])

    async def _loras(self, request: web.Request) -> web.Response:
        return web.json_response([{"name": "ink", "alias": "ink", "path": "/models/Lora/ink.safetensors"}])

    async def _memory(self, request: web.Request) -> web.Response:
        return web.json_response({"ram": {}, "cuda": {"system": {"free": 3 * 2**30, "used": 2**30, "total": 2**32}}})

    async def _progress(self, request: web.Request) -> web.Response:
        job = self._running
        state = {
            "skipped": False, "interrupted": self._is_interrupted, "job": "scripts_txt2img" if job else "",
            "job_count": 1 if job else 0, "job_timestamp": f"2026010100{self._begun:04}", "job_no": 0,
            "sampling_step": 5 if job else 0, "sampling_steps": 10 if job else 0,
        }  # fmt: skip
        wanted = job is not None and request.query["skip_current_image"] == "false"
        image = base64.b64encode(picture()).decode() if wanted else None
        body = {"progress": 0.5 if job else 0.0, "eta_relative": 1.0, "state": state, "current_image": image}
        return web.json_response(body | {"textinfo": None, "current_task": None})

    async def _task(self, request: web.Request) -> web.Response:
        if self.wants_login:
            raise web.HTTPUnauthorized(text="Not authenticated")
        wanted = (await request.json())["id_task"]
        active = self._running is not None and self._running.id == wanted
        waits = any(job.id == wanted for job in self._jobs) and not active
        return web.json_response(
            {"active": active, "queued": waits, "completed": False, "progress": 0.5 if active else None}
        )

    async def _interrupt(self, request: web.Request) -> web.Response:
        self.interruptions += 1
        self.interrupt_running()
        return web.json_response({})


A1111 = Subject(
    type=BackendType.A1111,
    make_peer=A1111Peer,
    job_type="a1111",
    job={
        "prompt": "a boat",
        "seeds": [2**53 + 1, 7],
        "checkpoint": "sub\\other.safetensors",
        "bucket": "b",
        "max_bytes": 1_000_000,
    },
    outputs=("image/png", "image/png"),
    bad_job={"prompt": "a boat", "seeds": [1], "sampler_name": "Unheard of", "bucket": "b", "max_bytes": 1_000_000},
    bad_words=("sampler_name", "Unheard of", "Euler"),
    models=("base.safetensors [0a1b2c3d4e]", "sub/other.safetensors [ffee001122]", "lora:ink"),
    username="suite",
    previews=True,
)
A1111_WITHOUT_IDS = Subject(
    type=BackendType.A1111,
    make_peer=lambda: A1111Peer(takes_ids=False),
    name=" without ids",
    job_type="a1111",
    job={"prompt": "a boat", "seeds": [1], "bucket": "b", "max_bytes": 1_000_000},
    outputs=("image/png",),
    bad_job={"prompt": "a boat", "seeds": [1], "checkpoint": "missing", "bucket": "b", "max_bytes": 1_000_000},
    bad_code=StepErrorCode.MODEL_UNAVAILABLE,
    bad_words=("checkpoint", "missing"),
    models=("base.safetensors [0a1b2c3d4e]",),
    previews=True,
)
