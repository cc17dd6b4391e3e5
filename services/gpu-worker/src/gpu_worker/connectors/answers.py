"""Reads answers of external servers within bounds."""

import json
from typing import Any, NoReturn

import aiohttp

from gpu_worker.connectors.server_faults import BadAnswer, TooLarge

MAX_JSON_BYTES = 32_000_000
MAX_DETAIL_CHARS = 300
_MAX_ERROR_BYTES = 64_000
_DETAILS = ("message", "error", "detail", "errors", "details", "title", "name")


async def read_bytes(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the body; raises TooLarge as soon as it is larger than `limit` bytes."""
    if (answer.content_length or 0) > limit:
        raise TooLarge(f"The server's answer is larger than {limit:,} bytes")
    parts, size = [], 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The server's answer is larger than {limit:,} bytes")
        parts.append(part)
    return b"".join(parts)


async def read_json(answer: aiohttp.ClientResponse, limit: int = MAX_JSON_BYTES) -> Any:
    """Return the body's JSON; raises BadAnswer."""
    return parse_json(await read_bytes(answer, limit))


def parse_json(text: bytes | str) -> Any:
    """Return the value of a JSON text; raises BadAnswer, also for NaN and for values nested too deep to be read."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BadAnswer("The server's answer is not valid JSON") from None


async def read_refusal(answer: aiohttp.ClientResponse) -> tuple[str, Any]:
    """Return the sentence and the JSON of an error response, as far as it has them; reads at most 64 kB of it."""
    raw = b""
    async for part in answer.content.iter_any():
        raw += part
        if len(raw) > _MAX_ERROR_BYTES:
            return "", None
    try:
        body = parse_json(raw)
    except BadAnswer:
        text = raw.decode(errors="replace").strip()
        return ("" if text.startswith("<") else shortened(text)), None
    return shortened(detail_of(body)), body


def detail_of(body: Any, depth: int = 4) -> str:
    """Return the sentence of an error in JSON: the first text under one of the usual names."""
    if isinstance(body, str):
        return body
    if depth and isinstance(body, list):
        return "; ".join(filter(None, (detail_of(item, depth - 1) for item in body[:3])))
    if depth and isinstance(body, dict):
        if isinstance(location := body.get("loc"), list) and isinstance(body.get("msg"), str):  # FastAPI's
            return f"{'.'.join(map(str, location[:8]))}: {body['msg']}"
        for name in _DETAILS:
            if found := detail_of(body.get(name), depth - 1):
                return found
    return ""


def shortened(text: str) -> str:
    """Return a text as one line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_DETAIL_CHARS else f"{line[: MAX_DETAIL_CHARS - 1]}…"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
