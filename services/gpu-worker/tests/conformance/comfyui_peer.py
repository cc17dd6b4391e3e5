"""A ComfyUI of the suite: routes, messages and their order as recorded from ComfyUI 0.3.75, without models."""

import asyncio
import contextlib
import io
import json
import struct
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from gpu_worker.backends.entry import BackendType
from PIL import Image

from .comfyui_nodes import NODES, OUTPUT_NODES, object_info, problems_of
from .scripted_server import ScriptedServer
from .suite import Subject

CHECKPOINT, LORA = "tiny-sd15.safetensors", "ink.safetensors"
OURS = "darkroom-"
GRAPH: dict[str, dict[str, Any]] = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 48, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox", "clip": ["4", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 2**64 - 1,
            "steps": 4,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["6", 0],
            "latent_image": ["5", 0],
        },
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "suite/fox"}},
}


@dataclass
class Prompt:
    """A prompt in the queue."""

    id: str
    number: int
    graph: dict[str, Any]
    client_id: str | None
    targets: list[str]
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def item(self) -> list[Any]:
        return [self.number, self.id, self.graph, {"client_id": self.client_id}, self.targets]


class ComfyPeer(ScriptedServer):
    """Runs one prompt after another. A held sampler stays at its second step."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: list[Prompt] = []
        self.running: Prompt | None = None
        self.history: dict[str, Any] = {}
        self.files: dict[tuple[str, str, str], bytes] = {}
        self.uploads: dict[str, bytes] = {}
        self.posted: list[dict[str, Any]] = []
        self.interrupts: list[Any] = []
        self.connections = 0
        self.busy_answers = 0
        """Answer so many prompts with 429 first."""
        self.drop_next_answer = False
        """Accept the next prompt, but break the connection before the answer."""
        self.deaf_to_metadata = False
        """Behave as a release without previews with metadata."""
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._metadata: dict[str, bool] = {}
        self._cache: dict[str, Any] = {}
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._foreign = asyncio.Event()

    @property
    def own_work(self) -> int:
        return sum((prompt.client_id or "").startswith(OURS) for prompt in self._prompts())

    @property
    def foreign_work(self) -> int:
        return len(self._prompts()) - self.own_work

    async def start(self) -> None:
        await super().start()
        self._worker = asyncio.create_task(self._work())

    def forget(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self.pending, self.running = [], None
        self.history.clear()
        self._cache.clear()
        self._sockets.clear()

    def occupy(self) -> None:
        self._put(dict(GRAPH), "someone-else", str(uuid.uuid4()))

    async def drop_sockets(self) -> None:
        """Break all WebSockets."""
        for socket in list(self._sockets.values()):
            await socket.close()

    def forget_sockets(self) -> None:
        """Send nothing more to the sockets that are open."""
        self._sockets.clear()

    def _prompts(self) -> list[Prompt]:
        return [*self.pending, *([self.running] if self.running else [])]

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.get("/ws", self._ws),
            web.get("/prompt", self._queue_length),
            web.post("/prompt", self._prompt),
            web.get("/queue", self._queue),
            web.post("/queue", self._delete),
            web.get("/history/{prompt_id}", self._history),
            web.post("/interrupt", self._interrupt),
            web.get("/view", self._view),
            web.post("/upload/image", self._upload),
            web.get("/object_info", self._object_info),
            web.get("/system_stats", self._system_stats),
        ]

    async def _ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        sid = request.query.get("clientId") or uuid.uuid4().hex
        self.connections += 1
        self._sockets[sid], self._metadata[sid] = socket, False
        await self._send(sid, "status", {"status": self._status(), "sid": sid})
        async for message in socket:
            await self.awake()
            if message.type is WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is WSMsgType.TEXT and not self.deaf_to_metadata:
                flags = json.loads(message.data)
                if flags["type"] == "feature_flags":
                    self._metadata[sid] = flags["data"].get("supports_preview_metadata", False)
                    await self._send(sid, "feature_flags", {"supports_preview_metadata": True})
        if self._sockets.get(sid) is socket:
            del self._sockets[sid]
        return socket

    async def _prompt(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.busy_answers:
            self.busy_answers -= 1
            return web.Response(status=429, headers={"Retry-After": "1"})
        self.posted.append(body)
        graph = body["prompt"]
        error, node_errors, targets = problems_of(graph, self.uploads)
        if error is not None:
            return web.json_response({"error": error, "node_errors": node_errors}, status=400)
        prompt = self._put(graph, body.get("client_id"), body.get("prompt_id") or str(uuid.uuid4()), targets)
        if self.drop_next_answer:
            self.drop_next_answer = False
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"prompt_id": prompt.id, "number": prompt.number, "node_errors": node_errors})

    def _put(
        self, graph: dict[str, Any], client_id: str | None, prompt_id: str, targets: list[str] | None = None
    ) -> Prompt:
        targets = [node for node in graph if graph[node]["class_type"] in OUTPUT_NODES] if targets is None else targets
        prompt = Prompt(prompt_id, len(self.history) + len(self._prompts()), graph, client_id, targets)
        self.pending.append(prompt)
        self._wake.set()
        return prompt

    async def _queue_length(self, _: web.Request) -> web.Response:
        return web.json_response(self._status())

    async def _queue(self, _: web.Request) -> web.Response:
        running = [self.running.item] if self.running else []
        return web.json_response({"queue_running": running, "queue_pending": [prompt.item for prompt in self.pending]})

    async def _delete(self, request: web.Request) -> web.Response:
        wanted = (await request.json()).get("delete", [])
        self.pending = [prompt for prompt in self.pending if prompt.id not in wanted]
        return web.Response()

    async def _history(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["prompt_id"]
        return web.json_response({prompt_id: self.history[prompt_id]} if prompt_id in self.history else {})

    async def _interrupt(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        self.interrupts.append(body.get("prompt_id"))
        if self.running is not None and body.get("prompt_id") in (None, self.running.id):
            self.running.interrupted.set()
        return web.Response()

    async def _view(self, request: web.Request) -> web.StreamResponse:
        key = (request.query["filename"], request.query.get("subfolder", ""), request.query.get("type", "output"))
        if key not in self.files:
            return web.Response(status=404)
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(self.files[key])
        with contextlib.suppress(ConnectionError):
            while self.endless:
                await answer.write(bytes(65_536))
        return answer

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        file, subfolder = form["image"], str(form.get("subfolder", ""))
        assert isinstance(file, web.FileField)
        content, name = file.file.read(), file.filename
        stem, _, suffix = name.rpartition(".")
        number = 0
        while self.uploads.get(f"{subfolder}/{name}".lstrip("/"), content) != content:
            number += 1
            name = f"{stem} ({number}).{suffix}"
        self.uploads[f"{subfolder}/{name}".lstrip("/")] = content
        return web.json_response({"name": name, "subfolder": subfolder, "type": "input"})

    async def _object_info(self, _: web.Request) -> web.Response:
        return web.json_response(object_info(CHECKPOINT, LORA))

    async def _system_stats(self, _: web.Request) -> web.Response:
        gpu = {"name": "cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync", "type": "cuda", "index": 0}
        sizes = {"vram_total": 24 * 1024**3, "vram_free": 20 * 1024**3}
        return web.json_response({"system": {"comfyui_version": "0.3.75"}, "devices": [gpu | sizes]})

    async def _work(self) -> None:
        while True:
            while not self.pending:
                self._wake.clear()
                await self._wake.wait()
            self.running = prompt = self.pending.pop(0)
            outputs, end, data = await self._execute(prompt)
            status = {"status_str": "success" if end == "execution_success" else "error"}
            status["messages"] = [["execution_start", {}], [end, data]]  # type: ignore[assignment] # as it is sent
            self.history[prompt.id] = {"prompt": prompt.item, "outputs": outputs, "status": status}
            self.running = None
            await self._tell(prompt, "executing", {"node": None})

    async def _execute(self, prompt: Prompt) -> tuple[dict[str, Any], str, dict[str, Any]]:
        """Run the nodes in the order of the graph; return the outputs and the last message."""
        outputs: dict[str, Any] = {}
        key = json.dumps(prompt.graph, sort_keys=True)
        cached = self._cache.get(key)
        await self._tell(prompt, "execution_start", {})
        await self._tell(prompt, "execution_cached", {"nodes": list(prompt.graph) if cached else []})
        if cached:
            for node, output in cached.items():
                await self._tell(prompt, "executed", {"node": node, "output": output})
            await self._tell(prompt, "execution_success", {})
            return cached, "execution_success", {"prompt_id": prompt.id}
        for node_id, node in prompt.graph.items():
            kind = node["class_type"]
            if kind in OUTPUT_NODES and node_id not in prompt.targets:
                continue
            await self._tell(prompt, "progress_state", {"nodes": {node_id: {"value": 0, "max": 1, "state": "running"}}})
            await self._tell(prompt, "executing", {"node": node_id, "display_node": node_id})
            if kind == "KSampler":
                await self._sample(prompt, node_id, node["inputs"]["steps"])
            if prompt.interrupted.is_set():
                data = {"prompt_id": prompt.id, "node_id": node_id, "node_type": kind, "executed": []}
                await self._tell(prompt, "execution_interrupted", data)
                return outputs, "execution_interrupted", data
            if kind in ("Broken", "Hungry"):
                name = "OSError" if kind == "Broken" else "torch.OutOfMemoryError"
                message = "Truncated File Read\n" if kind == "Broken" else "Allocation on device"
                data = {"node_id": node_id, "node_type": kind, "exception_type": name, "exception_message": message}
                await self._tell(prompt, "execution_error", data)
                return outputs, "execution_error", data
            if kind in OUTPUT_NODES:
                outputs[node_id] = self._make(node_id, kind, node["inputs"])
                await self._tell(prompt, "executed", {"node": node_id, "output": outputs[node_id]})
            done = {node_id: {"value": 1, "max": 1, "state": "finished"}}
            await self._tell(prompt, "progress_state", {"nodes": done})
        self._cache[key] = outputs
        await self._tell(prompt, "execution_success", {})
        return outputs, "execution_success", {"prompt_id": prompt.id}

    async def _sample(self, prompt: Prompt, node_id: str, steps: int) -> None:
        for step in range(1, steps + 1):
            await self.awake()
            await self._tell(prompt, "progress", {"value": step, "max": steps, "node": node_id})
            await self._preview(prompt, node_id)
            if step == 2:
                is_own = (prompt.client_id or "").startswith(OURS)
                if is_own:
                    self.began.set()
                gate = self._go if is_own else self._foreign
                waits = {asyncio.create_task(gate.wait()), asyncio.create_task(prompt.interrupted.wait())}
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
            if prompt.interrupted.is_set():
                return

    def _make(self, node_id: str, kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return the output of a node, and keep its files."""
        if kind == "PreviewAny":
            return {"text": ["hello \x00 text"]}
        where = "temp" if kind == "PreviewImage" else "output"
        folder, _, stem = str(inputs.get("filename_prefix", "")).rpartition("/")
        files = []
        for _ in range(inputs.get("copies", 1)):
            name = f"{stem or 'ComfyUI_temp'}_{len(self.files) + 1:05}_.png"
            self.files[name, folder, where] = _picture("PNG", len(self.files))
            files.append({"filename": name, "subfolder": folder, "type": where})
        return {"images": files}

    async def _preview(self, prompt: Prompt, node_id: str) -> None:
        image = _picture("JPEG", 1)
        if self._metadata.get(prompt.client_id or ""):
            metadata = {"node_id": node_id, "prompt_id": prompt.id, "image_type": "image/jpeg"}
            head = json.dumps(metadata).encode()
            frame = struct.pack(">II", 4, len(head)) + head + image
        else:
            frame = struct.pack(">II", 1, 1) + image
        socket = self._sockets.get(prompt.client_id or "")
        if socket is not None:
            with contextlib.suppress(ConnectionError):
                await socket.send_bytes(frame)

    async def _tell(self, prompt: Prompt, kind: str, data: dict[str, Any]) -> None:
        await self.awake()
        if prompt.client_id is not None:
            await self._send(prompt.client_id, kind, data | {"prompt_id": prompt.id})

    async def _send(self, sid: str, kind: str, data: dict[str, Any]) -> None:
        socket = self._sockets.get(sid)
        if socket is not None:
            with contextlib.suppress(ConnectionError):
                await socket.send_json({"type": kind, "data": data})

    def _status(self) -> dict[str, Any]:
        return {"exec_info": {"queue_remaining": len(self._prompts())}}


def _picture(kind: str, shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (shade % 256, 90, 40)).save(file, kind)
    return file.getvalue()


def job(graph: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return the payload of a job."""
    return {"bucket": "comfyui", "max_bytes": 5_000_000, "workflow": GRAPH if graph is None else graph} | changes


COMFYUI = Subject(
    type=BackendType.COMFYUI,
    make_peer=ComfyPeer,
    job_type="comfyui",
    job=job(),
    outputs=("image/png",),
    bad_job=job(GRAPH | {"5": {"class_type": "EmptyLatentImage", "inputs": {"width": -5, "height": 48}}}),
    bad_words=("node 5 (EmptyLatentImage)", "width", "-5"),
    models=(CHECKPOINT, "lora:ink"),
    queues=True,
    previews=True,
)

__all__ = ["COMFYUI", "GRAPH", "NODES", "ComfyPeer", "job"]
