"""The one WebSocket of a back end: stays open, connects again when it is lost, and distributes events to attempts."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import aiohttp
from darkroom_chassis.logs import get_logger

from gpu_worker.connectors.comfyui.frames import HELLO, Event, read_event, read_frame
from gpu_worker.connectors.server_faults import ServerFault
from gpu_worker.connectors.session import ServerSession, translated

log = get_logger(__name__)
HEARTBEAT_S = 8.0
"""Pause after which aiohttp sends a ping. Without a pong in half that time the connection is lost: 12 s in all."""
_HANDSHAKE_S = 10.0
_CLOSE_S = 1.0
_MAX_MESSAGE = 32_000_000
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 5.0
_OF_THE_RUNNING_PROMPT = frozenset({"execution_start", "executing", "progress", "progress_state"})


class Listener(Protocol):
    """What learns the events of one prompt."""

    def event(self, event: Event) -> None: ...

    def preview(self, image: bytes) -> None: ...

    def missed(self) -> None:
        """The connection is a new one, so events may have been missed; the server repeats none."""


class EventSocket:
    """Connects at `start`, and again after each loss with growing pauses. `on_connect` is called each time."""

    def __init__(
        self,
        session: ServerSession,
        client_id: str,
        on_connect: Callable[[], None],
        *,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._session, self._client_id, self._on_connect = session, client_id, on_connect
        self._heartbeat_s = heartbeat_s
        self._listeners: dict[str, Listener] = {}
        self._connected = asyncio.Event()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._task: asyncio.Task[None] | None = None
        self._running_prompt: str | None = None
        self._heard_at = 0.0

    def start(self) -> None:
        """Connect in the background; does nothing if it was called before."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Close the connection for good."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def is_connected(self) -> bool:
        """Whether events arrive at the moment."""
        return self._connected.is_set()

    async def connected(self) -> None:
        """Wait until it is connected."""
        await self._connected.wait()

    @property
    def silent_s(self) -> float:
        """Seconds since the last message or connection."""
        return asyncio.get_running_loop().time() - self._heard_at

    async def renew(self) -> None:
        """Close the connection, so that a new one is made."""
        if self._socket is not None:
            await self._socket.close()

    def listen(self, prompt_id: str, listener: Listener) -> None:
        """Hand the events of a prompt to a listener from now on."""
        self._listeners[prompt_id] = listener

    def forget(self, prompt_id: str, listener: Listener) -> None:
        """Hand a listener no more events, unless another attempt listens to the prompt by now."""
        if self._listeners.get(prompt_id) is listener:
            del self._listeners[prompt_id]

    async def _run(self) -> None:
        pause_s = _SHORTEST_PAUSE_S
        while True:
            try:
                async with translated():
                    await self._converse()
                pause_s = _SHORTEST_PAUSE_S
            except ServerFault as fault:
                log.debug("The WebSocket of a back end is not connected", reason=str(fault))
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _converse(self) -> None:
        """Connect, and read until the connection ends."""
        async with asyncio.timeout(_HANDSHAKE_S):
            socket = await self._session.client.ws_connect(
                self._session.url("/ws"),
                params={"clientId": self._client_id},
                heartbeat=self._heartbeat_s,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                max_msg_size=_MAX_MESSAGE,
            )
        try:
            await socket.send_str(HELLO)
            self._socket = socket
            self._heard()
            self._connected.set()
            for listener in list(self._listeners.values()):
                listener.missed()
            self._on_connect()
            async for message in socket:
                self._heard()
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._distribute(message.data)
                elif message.type is aiohttp.WSMsgType.BINARY:
                    self._show(message.data)
        finally:
            self._connected.clear()
            self._socket = self._running_prompt = None
            with suppress(aiohttp.ClientError, OSError):
                await socket.close()

    def _heard(self) -> None:
        self._heard_at = asyncio.get_running_loop().time()

    def _distribute(self, text: str) -> None:
        event = read_event(text)
        if event is None or event.prompt_id is None:
            return
        if event.kind in _OF_THE_RUNNING_PROMPT:
            self._running_prompt = event.prompt_id
        listener = self._listeners.get(event.prompt_id)
        if listener is not None:
            listener.event(event)

    def _show(self, frame: bytes) -> None:
        """Hand on a preview. One without metadata is of the prompt of the last progress: a server runs only one."""
        preview = read_frame(frame)
        if preview is None:
            return
        listener = self._listeners.get(preview.prompt_id or self._running_prompt or "")
        if listener is not None:
            listener.preview(preview.image)
