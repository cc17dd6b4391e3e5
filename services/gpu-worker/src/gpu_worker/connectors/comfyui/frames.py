"""Messages of ComfyUI's WebSocket: JSON objects, and binary frames with previews."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NUMBER = struct.Struct(">I")
_PREVIEW, _PREVIEW_WITH_METADATA = 1, 4
_MAX_METADATA = 64_000

HELLO = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
"""The first message of a client that wants previews with the id of their prompt."""


@dataclass(frozen=True, slots=True)
class Event:
    """A JSON message. `prompt_id` is None if it concerns no prompt, or does not say which."""

    kind: str
    data: Mapping[str, Any]
    prompt_id: str | None


@dataclass(frozen=True, slots=True)
class PreviewFrame:
    """A preview: the bytes of a JPEG or PNG. `prompt_id` is None in the form without metadata."""

    image: bytes
    prompt_id: str | None


def read_event(text: str) -> Event | None:
    """Read a JSON message; None if it is not one of ComfyUI's, such as one of an extension."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    kind, data = message.get("type"), message.get("data")
    if not isinstance(kind, str) or not isinstance(data, dict):
        return None
    prompt_id = data.get("prompt_id")
    return Event(kind, data, prompt_id if isinstance(prompt_id, str) else None)


def read_frame(frame: bytes) -> PreviewFrame | None:
    """Read a binary frame; None if it is no preview.

    Layout: kind (4 bytes, big endian), then for kind 1 the image type (4 bytes) and the image, for kind 4 the length of
    the metadata (4 bytes), the metadata as JSON, and the image.
    """
    if len(frame) < 2 * _NUMBER.size:
        return None
    (kind,), (second,) = _NUMBER.unpack_from(frame), _NUMBER.unpack_from(frame, _NUMBER.size)
    rest = frame[2 * _NUMBER.size :]
    if kind == _PREVIEW:
        return PreviewFrame(rest, None)
    if kind != _PREVIEW_WITH_METADATA or second > min(len(rest), _MAX_METADATA):
        return None
    try:
        metadata = json.loads(rest[:second])
    except (ValueError, RecursionError):
        return None
    prompt_id = metadata.get("prompt_id") if isinstance(metadata, dict) else None
    return PreviewFrame(rest[second:], prompt_id) if isinstance(prompt_id, str) else None
