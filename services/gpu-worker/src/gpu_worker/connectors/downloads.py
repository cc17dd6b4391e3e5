"""Writes the body of a response to disk as it arrives."""

import asyncio
from pathlib import Path

import aiohttp
from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure

_PART = 1024 * 1024


async def download(answer: aiohttp.ClientResponse, path: Path, max_bytes: int) -> int:
    """Write the body to a file and return its size in bytes.

    Raises an OUTPUT_TOO_LARGE Failure as soon as it is larger than `max_bytes`, and aiohttp.ClientError or TimeoutError
    if the connection is lost; the time-outs are those of the request.
    """
    if (answer.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    size = 0
    with path.open("wb") as file:
        async for part in answer.content.iter_chunked(_PART):
            size += len(part)
            if size > max_bytes:
                raise _too_large(max_bytes)
            await asyncio.to_thread(file.write, part)
    return size


def _too_large(max_bytes: int) -> Failure:
    return Failure(StepErrorCode.OUTPUT_TOO_LARGE, f"An output of the back end is larger than {max_bytes:,} bytes")
