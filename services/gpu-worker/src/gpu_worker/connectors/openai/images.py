"""Images: https://platform.openai.com/docs/api-reference/images. One request for each, several at a time."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from darkroom_outbound import BadRedirect, BlockedAddress, GuardedClient, RefusedUrl, follow_redirects
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import OpenAIImagePayload
from yarl import URL

from gpu_worker.connectors.answers import read_json
from gpu_worker.connectors.downloads import download
from gpu_worker.connectors.server_faults import BadAnswer, ServerFault
from gpu_worker.connectors.session import ServerSession, refusal_of, translated
from gpu_worker.domain.failures import Failure

_TIMEOUT_S = 600.0
_MOST_JSON_BYTES = 64_000_000
"""Largest answer with an image in Base64, which has to be in memory."""


def image_request(payload: OpenAIImagePayload) -> dict[str, Any]:
    """Return the body of the request for one image."""
    body: dict[str, Any] = {"model": payload.model, "prompt": payload.prompt, "n": 1}
    if payload.size is not None:
        body["size"] = payload.size
    if payload.quality is not None:
        body["quality"] = payload.quality
    return body


async def request_image(session: ServerSession, payload: OpenAIImagePayload) -> Mapping[str, Any]:
    """Request one image and return what the server says of it. Raises ServerFault."""
    limit = min(payload.max_bytes * 4 // 3 + 1_000_000, _MOST_JSON_BYTES)
    async with session.open("POST", "/images/generations", json=image_request(payload), timeout_s=_TIMEOUT_S) as answer:
        body = await read_json(answer, limit)
    data = body.get("data") if isinstance(body, dict) else None
    return data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}


async def save_image(
    session: ServerSession, guarded: GuardedClient, image: Mapping[str, Any], path: Path, max_bytes: int
) -> None:
    """Write an image to a file. Raises ServerFault, and Failure for one of more than `max_bytes`."""
    if isinstance(text := image.get("b64_json"), str):
        await asyncio.to_thread(_write, text, path, max_bytes)
    elif isinstance(url := image.get("url"), str):
        await _fetch(session, guarded, url, path, max_bytes)
    else:
        raise BadAnswer("The server's answer has no image")


def _write(text: str, path: Path, max_bytes: int) -> None:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadAnswer("The server's image is not valid Base64") from None
    if len(content) > max_bytes:
        raise Failure(StepErrorCode.OUTPUT_TOO_LARGE, f"An image is larger than {max_bytes:,} bytes")
    path.write_bytes(content)


async def _fetch(session: ServerSession, guarded: GuardedClient, url: str, path: Path, max_bytes: int) -> None:
    """Download an image: from the server itself with its credential, from elsewhere as from any address."""
    own = URL(session.url("/"))
    try:
        target = own.join(URL(url))
    except ValueError:
        raise BadAnswer("The server's answer has an image URL that is not valid") from None
    if target.origin() == own.origin():
        async with session.open("GET", target, timeout_s=_TIMEOUT_S) as answer:
            await download(answer, path, max_bytes)
        return
    async with _fetchable(), translated(), follow_redirects(guarded, "GET", str(target), headers={}) as answer:
        if answer.status >= 400:
            raise await refusal_of(answer, None)
        await download(answer, path, max_bytes)


@asynccontextmanager
async def _fetchable() -> AsyncIterator[None]:
    try:
        yield
    except (BadRedirect, BlockedAddress, RefusedUrl, ServerFault) as error:
        raise BadAnswer(f"The server's image cannot be fetched: {error}") from error
