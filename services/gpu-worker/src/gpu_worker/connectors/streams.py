"""Reads answers that come in parts: lines of JSON, and server-sent events."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from gpu_worker.connectors.answers import parse_json
from gpu_worker.connectors.server_faults import BadAnswer

MAX_LINE_BYTES = 1_000_000
_SSE_END = b"[DONE]"
"""Last event of OpenAI's streams, which is not JSON."""


async def lines(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield the lines of a body without their ends; raises BadAnswer for one of more than 1 MB."""
    rest = b""
    async for part in answer.content.iter_any():
        *complete, rest = (rest + part).split(b"\n")
        for line in complete:
            yield line.rstrip(b"\r")
        if len(rest) > MAX_LINE_BYTES:
            raise BadAnswer(f"The server's answer has a line of more than {MAX_LINE_BYTES:,} bytes")
    if rest:
        yield rest


async def json_lines(answer: aiohttp.ClientResponse) -> AsyncIterator[Any]:
    """Yield the values of a body with one JSON value per line."""
    async for line in lines(answer):
        if line.strip():
            yield parse_json(line)


async def json_events(answer: aiohttp.ClientResponse) -> AsyncIterator[Any]:
    """Yield the JSON of each server-sent event (HTML Standard, section 9.2); None for `[DONE]`, which is the last."""
    data: list[bytes] = []
    size = 0
    async for line in lines(answer):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
            size += len(data[-1])
            if size > MAX_LINE_BYTES:
                raise BadAnswer(f"The server's answer has an event of more than {MAX_LINE_BYTES:,} bytes")
        elif not line and data:
            text = b"\n".join(data)
            data, size = [], 0
            if text.strip() == _SSE_END:
                yield None
                return
            yield parse_json(text)
