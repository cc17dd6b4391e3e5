"""Frames on the socket between the two processes: the length in four bytes, big-endian, then JSON."""

import asyncio
import socket
import struct

_LENGTH = struct.Struct(">I")
MAX_FRAME_BYTES = 16 * 1024 * 1024


class FrameTooLong(Exception):
    """A frame's length is over the limit, so the bytes are no message."""


def pack(body: bytes) -> bytes:
    """Return the message with its length in front."""
    return _LENGTH.pack(len(body)) + body


def receive_frame(connection: socket.socket) -> bytes | None:
    """Block until the next message; None when the other side has closed the socket."""
    head = _receive_exactly(connection, _LENGTH.size)
    return None if head is None else _receive_exactly(connection, _length_in(head))


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """Return the next message; None when the other side has closed the socket."""
    try:
        return await reader.readexactly(_length_in(await reader.readexactly(_LENGTH.size)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _length_in(head: bytes) -> int:
    length: int = _LENGTH.unpack(head)[0]
    if length > MAX_FRAME_BYTES:
        raise FrameTooLong(f"a frame of {length} bytes was announced")
    return length


def _receive_exactly(connection: socket.socket, size: int) -> bytes | None:
    received = bytearray()
    while len(received) < size:
        try:
            chunk = connection.recv(size - len(received))
        except ConnectionError:
            return None
        if not chunk:
            return None
        received += chunk
    return bytes(received)
