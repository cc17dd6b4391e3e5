"""Routes of `/sdapi/v1`, and `/internal/progress`, which has the state of one request's task."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from gpu_worker.connectors.a1111.checkpoints import Checkpoint
from gpu_worker.connectors.server_faults import BadAnswer, Refused
from gpu_worker.connectors.session import ServerSession

_LOOK_TIMEOUT_S = 2.5
"""Two looks must fit into the time that a stopped attempt has."""
_MAX_ENTRIES = 5_000
_NOT_THERE = frozenset({404, 405, 501})
_NOT_FOR_US = _NOT_THERE | {401, 403, 422, 500}
"""Answers of a route that belongs to the web page: it may want the page's login, or another form of request."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """What the server works on, whosever it is. `progress` is 0 to 1."""

    busy: bool
    started: str
    """Time at which the work began; only good for comparison."""
    progress: float = 0.0
    step: int | None = None
    steps: int | None = None
    interrupted: bool = False
    image: str | None = None
    """A preview in Base64."""


@dataclass(frozen=True, slots=True)
class TaskState:
    """The state of one task. Servers that do not take the ids of clients know none of them."""

    active: bool = False
    queued: bool = False
    completed: bool = False

    @property
    def known(self) -> bool:
        """Whether the server knows the task."""
        return self.active or self.queued or self.completed


class A1111Client:
    """Requests to one server. All methods raise ServerFault. Optional routes that are missing are not asked again."""

    def __init__(self, session: ServerSession) -> None:
        self._session = session
        self._missing: set[str] = set()

    async def checkpoints(self) -> list[Checkpoint]:
        """Return the checkpoints."""
        return _entries(await self._session.json("GET", "/sdapi/v1/sd-models"))

    async def loras(self) -> list[str]:
        """Return the names of the LoRAs."""
        entries = _entries(await self._optional("GET", "/sdapi/v1/loras"))
        return [entry["name"] for entry in entries if isinstance(entry.get("name"), str)]

    async def samplers(self) -> list[str]:
        """Return the names of the samplers."""
        entries = _entries(await self._optional("GET", "/sdapi/v1/samplers"))
        return [entry["name"] for entry in entries if isinstance(entry.get("name"), str)]

    async def vram_bytes(self) -> tuple[int | None, int | None]:
        """Return the memory of the GPU, all and free, in bytes."""
        body = await self._optional("GET", "/sdapi/v1/memory")
        system = body
        for name in ("cuda", "system"):
            system = system.get(name) if isinstance(system, dict) else None
        if not isinstance(system, dict):
            return None, None
        return _number(system.get("total")), _number(system.get("free"))

    async def state(self, *, with_image: bool = False) -> ServerState | None:
        """Return what the server works on; None if it does not say."""
        skip = "false" if with_image else "true"
        body = await self._optional("GET", "/sdapi/v1/progress", params={"skip_current_image": skip})
        if not isinstance(body, dict):
            return None
        inner = body.get("state")
        state: Mapping[str, Any] = inner if isinstance(inner, dict) else {}
        progress, image = body.get("progress"), body.get("current_image")
        return ServerState(
            busy=bool(state.get("job_count")) or bool(state.get("job")),
            started=str(state.get("job_timestamp")),
            progress=float(progress) if isinstance(progress, int | float) else 0.0,
            step=_number(state.get("sampling_step")),
            steps=_number(state.get("sampling_steps")),
            interrupted=bool(state.get("interrupted")) or bool(state.get("skipped")),
            image=image if isinstance(image, str) else None,
        )

    async def task(self, task_id: str) -> TaskState:
        """Return the state of a task by its id."""
        asked = {"id_task": task_id, "live_preview": False}
        body = await self._optional("POST", "/internal/progress", body=asked, missing=_NOT_FOR_US)
        if not isinstance(body, dict):
            return TaskState()
        return TaskState(*(body.get(name) is True for name in ("active", "queued", "completed")))

    async def interrupt(self) -> None:
        """Interrupt what the server works on, whosever it is."""
        async with self._session.open("POST", "/sdapi/v1/interrupt", timeout_s=_LOOK_TIMEOUT_S):
            """The answer has no content."""

    async def generate(self, route: str, body: Mapping[str, Any], limit: int) -> Mapping[str, Any]:
        """Send a request for an image and return the answer, of at most `limit` bytes."""
        answer = await self._session.json("POST", f"/sdapi/v1/{route}", body=body, timeout_s=None, limit=limit)
        if not isinstance(answer, dict):
            raise BadAnswer("The server's answer is not an object")
        return answer

    async def _optional(self, method: str, path: str, *, missing: Set[int] = _NOT_THERE, **options: Any) -> Any:
        if path in self._missing:
            return None
        try:
            return await self._session.json(method, path, timeout_s=_LOOK_TIMEOUT_S, **options)
        except Refused as refused:
            if refused.status not in missing:
                raise
            self._missing.add(path)
            return None

    def forget_missing(self) -> None:
        """Ask for all routes again: the server may be another one."""
        self._missing.clear()


def _entries(body: Any) -> list[Mapping[str, Any]]:
    items: Sequence[Any] = body if isinstance(body, list) else ()
    return [item for item in items[:_MAX_ENTRIES] if isinstance(item, dict)]


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
