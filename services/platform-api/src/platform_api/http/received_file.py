"""Writes the body of a request to a file."""

import asyncio
import hashlib
from pathlib import Path

from fastapi import Request

_WRITE_BYTES = 1024 * 1024


async def receive_file(request: Request, path: Path) -> str:
    """Write the body to a new file and return its SHA-256 in hexadecimal; the middleware limits its size and time."""
    digest, buffer = hashlib.sha256(), bytearray()
    file = await asyncio.to_thread(path.open, "xb")
    try:
        async for chunk in request.stream():
            digest.update(chunk)
            buffer += chunk
            if len(buffer) >= _WRITE_BYTES:
                await asyncio.to_thread(file.write, bytes(buffer))
                buffer.clear()
        await asyncio.to_thread(file.write, bytes(buffer))
    finally:
        await asyncio.to_thread(file.close)
    return digest.hexdigest()
