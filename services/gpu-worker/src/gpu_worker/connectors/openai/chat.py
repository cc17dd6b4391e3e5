"""Chat completions, streamed: https://platform.openai.com/docs/api-reference/chat."""

from dataclasses import dataclass
from typing import Any

import aiohttp
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import ChatPayload

from gpu_worker.connectors.answers import detail_of, read_json, shortened
from gpu_worker.connectors.server_faults import BadAnswer, ConnectionLost, Refused
from gpu_worker.connectors.session import ServerSession
from gpu_worker.connectors.streams import json_events
from gpu_worker.connectors.written_text import WrittenText
from gpu_worker.domain.failures import Failure

_SILENCE_S = 300.0
"""How long a server may send nothing: it may read a long prompt, or load its model."""
_CUT = "The text ends where the limit of tokens was reached."


@dataclass(frozen=True, slots=True)
class Reply:
    """The text of a reply, and what the user should know about it."""

    text: str
    notes: tuple[str, ...] = ()


async def complete(session: ServerSession, payload: ChatPayload, written: WrittenText) -> Reply:
    """Return the reply to a conversation. Raises ServerFault, and Failure for a reply that the service filtered."""
    body = chat_request(payload)
    try:
        return await _send(session, body, written)
    except Refused as refused:
        # Newer models of OpenAI refuse the name that all other servers know.
        if "max_tokens" not in body or "max_completion_tokens" not in refused.detail:
            raise
    body["max_completion_tokens"] = body.pop("max_tokens")
    return await _send(session, body, written)


def chat_request(payload: ChatPayload) -> dict[str, Any]:
    """Return the body of the request; values that were not given are left to the server."""
    body: dict[str, Any] = {
        "model": payload.model,
        "messages": [message.model_dump() for message in payload.messages],
        "stream": True,
    }
    if payload.temperature is not None:
        body["temperature"] = payload.temperature
    if payload.max_tokens is not None:
        body["max_tokens"] = payload.max_tokens
    if payload.seed is not None:
        body["seed"] = payload.seed % 2**63  # a signed number
    return body


async def _send(session: ServerSession, body: dict[str, Any], written: WrittenText) -> Reply:
    written.clear()
    async with session.open(
        "POST", "/chat/completions", json=body, timeout_s=None, silence_s=_SILENCE_S,
        headers={"Accept": "text/event-stream"},
    ) as answer:  # fmt: skip
        if answer.content_type == "text/event-stream":
            finish = await _read_stream(answer, written)
        else:
            finish = _read_whole(await read_json(answer), written)
    if finish == "content_filter" and not written.text:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, "The service's content filter refused the reply")
    notes = {"length": _CUT, "content_filter": "The service's content filter cut the text."}
    return Reply(written.text, (notes[finish],) if finish in notes else ())


async def _read_stream(answer: aiohttp.ClientResponse, written: WrittenText) -> str:
    finish: str | None = None
    async for event in json_events(answer):
        if event is None:
            return finish or "stop"
        if not isinstance(event, dict):
            raise BadAnswer("The server's stream has an event that is not an object")
        if event.get("error"):
            raise BadAnswer(f"The server ended the reply: {shortened(detail_of(event))}")
        choice = _first_choice(event)
        written.add(_content(choice.get("delta")))
        if isinstance(reason := choice.get("finish_reason"), str):
            finish = reason
    if finish is None:
        raise ConnectionLost("The server ended its reply in the middle")
    return finish


def _read_whole(body: Any, written: WrittenText) -> str:
    choice = _first_choice(body if isinstance(body, dict) else {})
    if not isinstance(choice.get("message"), dict):
        raise BadAnswer("The server's answer has no message")
    written.add(_content(choice["message"]))
    return str(choice.get("finish_reason"))


def _first_choice(body: dict[str, Any]) -> dict[str, Any]:
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _content(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""
