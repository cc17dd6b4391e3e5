"""Errors of WebSocket messages, in the dialect's format."""

import time

from darkroom_chassis.errors import AppError
from darkroom_chassis.validation import field_errors

from queue_api.domain.client_messages import InvalidMessage, RequestId
from queue_api.domain.frames import Message


class MessageRefused(Exception):
    """A valid message is not carried out; `code` is stable."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def error_message(code: str, sentence: str, request_id: RequestId, details: Message | None = None) -> Message:
    """Return an `error` that repeats the id of the message."""
    body: Message = {
        "type": "error",
        "timestamp": time.time_ns() // 1_000_000,
        "error": sentence,
        "error_code": code,
        "details": details,
        "request_id": request_id,
    }
    return body if request_id is None else body | {"id": request_id}


def of_invalid(error: InvalidMessage) -> Message:
    """Return the error for a frame that is no valid message; names the first invalid field."""
    fields = field_errors(error.errors)
    details: Message | None = {"field": fields[0].field, "message": fields[0].message} if fields else None
    sentence = f"`{fields[0].field}` {fields[0].message}." if fields else error.sentence
    return error_message(error.code, sentence, error.request_id, details)


def of_app_error(error: AppError, request_id: RequestId) -> Message:
    """Return the error for a submission that the HTTP route would refuse alike."""
    details: Message | None = None
    if error.errors:
        details = {"field": error.errors[0].field, "message": error.errors[0].message}
    return error_message(error.code, error.sentence, request_id, details)
