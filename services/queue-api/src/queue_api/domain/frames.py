"""Parses text frames of WebSocket clients and builds the response. Every frame gets a response."""

import json
from typing import Any, NoReturn

from queue_api.domain.messages import Message

MAX_ID_CHARACTERS = 100
MAX_ID_NUMBER = 2**63 - 1
SHAPE = 'Send a JSON object with a "type", such as {"type": "ping"}.'


class _Invalid(Exception):
    """The frame is not a valid message."""


def answer_to(text: str, now_ms: int) -> Message:
    """Return the response to a text frame. It repeats the frame's `id`."""
    try:
        kind, request_id = _read(text)
    except _Invalid as error:
        return {"type": "error", "error_code": "invalid_message", "error": str(error), "timestamp": now_ms}
    known: dict[str, Message] = {
        "ping": {"type": "pong"},
        "heartbeat": {"type": "heartbeat_ack", "server_timestamp": now_ms, "events_missed": 0},
    }
    unknown = {
        "type": "error", "error_code": "unknown_type",
        "error": f"This socket knows {', '.join(known)}, not {kind[:50]!a}.",
    }  # fmt: skip
    answer = known.get(kind, unknown) | {"timestamp": now_ms}
    return answer | ({"id": request_id} if request_id is not None else {})


def _read(text: str) -> tuple[str, str | int | None]:
    try:
        message = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise _Invalid(SHAPE) from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise _Invalid(SHAPE)
    request_id = message.get("id")
    if request_id is not None and not _is_id(request_id):
        raise _Invalid(f"`id` must be a text of at most {MAX_ID_CHARACTERS} characters, or a whole number.")
    return message["type"], request_id


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID_CHARACTERS and value.isprintable()
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID_NUMBER


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
