"""Chat, streamed as lines of JSON: https://github.com/ollama/ollama/blob/main/docs/api.md."""

from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import ChatPayload

from gpu_worker.connectors.answers import shortened
from gpu_worker.connectors.server_faults import BadAnswer, ConnectionLost, Refused, ServerFault, failure_of
from gpu_worker.connectors.session import ServerSession
from gpu_worker.connectors.streams import json_lines
from gpu_worker.connectors.written_text import WrittenText
from gpu_worker.domain.failures import Failure

_SILENCE_S = 600.0
"""How long the server may send nothing: it loads the model first, which may take minutes."""


def chat_request(payload: ChatPayload) -> dict[str, Any]:
    """Return the body of the request; options that were not given are the model's."""
    options: dict[str, Any] = {}
    if payload.seed is not None:
        options["seed"] = payload.seed % 2**31  # Ollama's seeds are signed numbers of 32 bits
    if payload.temperature is not None:
        options["temperature"] = payload.temperature
    if payload.max_tokens is not None:
        options["num_predict"] = payload.max_tokens
    messages = [message.model_dump() for message in payload.messages]
    return {"model": payload.model, "messages": messages, "stream": True, "options": options}


async def complete(session: ServerSession, payload: ChatPayload, written: WrittenText) -> tuple[str, ...]:
    """Write the reply to `written` and return notes about it. Raises ServerFault, and Failure for a broken reply.

    Closing the connection, when this is cancelled, makes the server stop.
    """
    async with session.open(
        "POST", "/api/chat", json=chat_request(payload), timeout_s=None, silence_s=_SILENCE_S
    ) as answer:
        async for line in json_lines(answer):
            if not isinstance(line, dict):
                raise BadAnswer("The server's answer has a line that is not an object")
            if isinstance(error := line.get("error"), str):
                raise Refused(500, shortened(error), line, None)
            message = line.get("message")
            content = message.get("content") if isinstance(message, dict) else None
            written.add(content if isinstance(content, str) else "")
            if line.get("done") is True:
                cut = line.get("done_reason") == "length"
                return ("The text ends where the limit of tokens was reached.",) if cut else ()
    raise ConnectionLost("The server ended its reply in the middle")


def ollama_failure(fault: ServerFault, model: str) -> Failure:
    """Return the failure of an attempt. A chat may be repeated: nothing is charged, and nothing is changed."""
    if isinstance(fault, Refused) and fault.status == 404:
        return Failure(
            StepErrorCode.MODEL_UNAVAILABLE, f"The server has no model {model!r}; the operator can pull it with Ollama"
        )
    return failure_of(fault)
