"""Carries out one `fetch_api` job: its request, the wait for its result, and what is stored."""

import asyncio
import json
from functools import partial
from typing import Any

import structlog
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.remote_payloads import SAFE_METHODS, FetchPayload, Poll

from gpu_worker.connectors.answers import shortened
from gpu_worker.connectors.attempt import Attempt
from gpu_worker.connectors.downloads import download
from gpu_worker.connectors.http.answer_content import MAX_TEXT_BYTES, Content, read_content
from gpu_worker.connectors.http.requests import FetchRequests
from gpu_worker.connectors.http.selection import filled_url, meets, optional_part, part_of
from gpu_worker.connectors.meter import Meter
from gpu_worker.connectors.once import Once
from gpu_worker.connectors.patience import patiently
from gpu_worker.connectors.received import received_output
from gpu_worker.connectors.server_faults import Refused, ServerFault, Unreachable, failure_of
from gpu_worker.connectors.stopping import pause
from gpu_worker.connectors.streams import json_events, json_lines
from gpu_worker.domain.failures import Failure

_MAX_URLS = 1_000
_POLL_FAULTS = 5
"""Polls in a row that may fail without the attempt."""
_CANCEL_S = 5.0
"""How long a server has to accept that work is cancelled."""
_PERMANENT = frozenset({400, 401, 403, 404, 405, 410, 422})

log = structlog.get_logger(__name__)


class FetchJob:
    """One attempt. `perform` returns the text of the result; `notes` are what the user should know about it."""

    def __init__(
        self, payload: FetchPayload, requests: FetchRequests, once: Once, current: Attempt, recipe: BackendRecipe
    ) -> None:
        self._payload, self._requests, self._once = payload, requests, once
        self._current, self._recipe = current, recipe
        self._meter = Meter(current.run)
        self._cancel_url: str | None = None
        self.notes: tuple[str, ...] = ()

    async def perform(self) -> str | None:
        """Send the request and return the text of the result, None if there are only files. Raises Failure."""
        payload, run = self._payload, self._current.run
        self._meter.at(1.0, "sending the request")
        repeatable = payload.method in SAFE_METHODS
        try:
            if payload.stream:
                return await patiently(run, self._meter, partial(self._once.send, self._streamed))
            first = await patiently(run, self._meter, partial(self._once.send, self._first))
            if payload.poll is None:
                return await self._result(first, payload.select, "select")
            last = await self._polled(payload.poll, first)
            return await self._result(last, payload.poll.select or payload.select, "poll.select")
        except Unreachable as fault:  # a server of the user, not one whose return is waited for
            raise Failure(StepErrorCode.BACKEND, str(fault), retryable=True) from fault
        except ServerFault as fault:
            raise failure_of(fault, repeatable=repeatable) from fault

    async def cancel(self) -> None:
        """Cancel the work at the server after a stop, if it has begun and the payload says how. A failure is logged."""
        poll = self._payload.poll
        if self._cancel_url is None or poll is None or poll.cancel is None:
            return
        url, self._cancel_url = self._cancel_url, None
        try:
            async with (
                asyncio.timeout(_CANCEL_S),
                self._requests.later(url, "poll.cancel.url", poll.cancel.method) as answer,
            ):
                log.info("Cancelled work at its server", status=answer.status)
        except (Failure, ServerFault, TimeoutError) as error:
            log.warning("Could not cancel work at its server; it may go on there", reason=str(error) or "time-out")

    async def _first(self) -> Content:
        payload = self._payload
        whole = payload.store and payload.select is None and payload.poll is None
        async with self._requests.first() as answer:
            return await read_content(answer, self._current.folder / "0", payload.max_bytes, store=whole)

    async def _streamed(self) -> str:
        parts, size = [], 0
        async with self._requests.first() as answer:
            values = json_events(answer) if answer.content_type == "text/event-stream" else json_lines(answer)
            async for value in values:
                text = _as_text(value if self._payload.select is None else optional_part(value, self._payload.select))
                size += len(text)
                if size > MAX_TEXT_BYTES:
                    raise Failure(StepErrorCode.OUTPUT_TOO_LARGE, f"The text is longer than {MAX_TEXT_BYTES:,} bytes")
                parts.append(text)
                self._meter.at(10.0, f"{size} characters")
        return "".join(parts)

    async def _polled(self, poll: Poll, first: Content) -> Content:
        """Ask for the state of the work until it is done; a few failed polls in a row are tolerated."""
        started = _json_of(first)
        url = filled_url(poll.url, started, "poll.url")
        if poll.cancel is not None:
            self._cancel_url = filled_url(poll.cancel.url, started, "poll.cancel.url")
        faults = 0
        while True:
            await pause(poll.interval_s, self._current.run.stop)
            try:
                async with self._requests.later(url, "poll.url") as answer:
                    state = await read_content(answer, self._current.folder / "0", self._payload.max_bytes, store=False)
            except ServerFault as fault:
                faults += 1
                if faults >= _POLL_FAULTS or (isinstance(fault, Refused) and fault.status in _PERMANENT):
                    raise
                continue
            faults = 0
            value = _json_of(state)
            if meets(value, poll.done):
                self._cancel_url = None
                return state
            if poll.failed is not None and meets(value, poll.failed):
                raise Failure(StepErrorCode.BACKEND, f"The work failed: {shortened(state.text or '')}")
            self._meter.at(10.0, f"waiting: {shortened(_as_text(optional_part(value, poll.done.path)))[:100]}")

    async def _result(self, content: Content, select: str | None, field: str) -> str | None:
        if content.file is not None:
            self._current.outputs.start(await received_output(content.file, 0, self._recipe))
            return None
        if select is None:
            if self._payload.store and self._payload.poll is not None:
                raise Failure(StepErrorCode.INVALID_PAYLOAD, "poll.select: must name the URLs of the files to store")
            return content.text
        found = part_of(_json_of(content), select, field)
        if not self._payload.store:
            return _as_text(found)
        await self._store(found if isinstance(found, list) else [found], field)
        return None

    async def _store(self, urls: list[Any], field: str) -> None:
        """Store the files of some URLs."""
        if not 0 < len(urls) <= _MAX_URLS or not all(isinstance(url, str) for url in urls):
            raise Failure(StepErrorCode.BACKEND, f"{field}: the answer has not 1 to {_MAX_URLS} URLs there")
        if (more := len(urls) - self._payload.max_outputs) > 0:
            self.notes = (f"{more} more files were not stored: `max_outputs` is {self._payload.max_outputs}.",)
            urls = urls[: self._payload.max_outputs]
        for index, url in enumerate(urls):
            self._meter.at(10.0 + 80.0 * index / len(urls), f"receiving file {index + 1} of {len(urls)}")
            path = self._current.folder / str(index)
            async with self._requests.later(url, field) as answer:
                await download(answer, path, self._payload.max_bytes)
            self._current.outputs.start(await received_output(path, index, self._recipe))


def _json_of(content: Content) -> Any:
    if content.text is None:
        raise Failure(StepErrorCode.BACKEND, "The server's answer is a file, not JSON")
    return content.json()


def _as_text(value: Any) -> str:
    """Return a text as it is, nothing for null, and JSON for other values."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
