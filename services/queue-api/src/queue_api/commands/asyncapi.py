"""The AsyncAPI document of the WebSockets, from the models of their messages."""

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from queue_api.domain.client_messages import EXAMPLES, ClientMessage
from queue_api.domain.server_messages import ALL, CLIENT, GROUP, MONITOR

Document = dict[str, Any]
_CLOSE_CODES = (
    "Close codes: 1000 closed by the client, 1001 the server is stopping, 1003 binary frame, 1007 not UTF-8, 1008 no "
    "valid credential, 1009 message over 1 MB, 1011 internal error, 1013 too many connections or Redis is down, 4000 a "
    "ping was not answered, 4001 the credential has expired, 4004 unknown group, 4008 the client reads too slowly."
)
_SINCE = {
    "type": "string",
    "description": "Id of the last event that was received; later ones are sent first.",
    "examples": ["0-1795806648770-1795807015633-1"],
}
_TOKEN = {"type": "string", "description": "A ticket, where headers cannot be sent: 30 seconds, one connection."}
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "AUTH_TOKEN of queue-api"},
    "ticket": {
        "type": "httpApiKey", "in": "query", "name": "token",
        "description": "A ticket from POST /api/ws-ticket, or of a user from POST /api/auth/ticket of platform-api",
    },
}  # fmt: skip
_CLIENT_MODELS: tuple[type[BaseModel], ...] = get_args(ClientMessage)
_GROUP_COMMANDS = ("ping", "close")


def asyncapi_document(version: str) -> Document:
    """Return the document."""
    models = {*((model, "serialization") for model in ALL), *((model, "validation") for model in _CLIENT_MODELS)}
    ordered = sorted(models, key=lambda pair: (pair[0].__name__, pair[1]))
    _names, schemas = models_json_schema(ordered, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]  # modes are literals
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Darkroom queue-api, WebSockets",
            "version": version,
            "description": "Events of the queue, live and resumable by event id, and commands. " + _CLOSE_CODES,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "queue-api": {
                "host": "localhost:9820",
                "protocol": "ws",
                "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY],
            }
        },
        "channels": {
            "monitor": _channel("/ws/monitor/{monitorId}", "monitorId", "Every event, or some topics", MONITOR),
            "client": _channel("/ws/client/{clientId}", "clientId", "Only jobs submitted or subscribed to", CLIENT),
            "jobGroup": _channel("/ws/job-groups/{jobGroupId}", "jobGroupId", "One job group", GROUP),
        },
        "operations": {
            **_operations("monitor", MONITOR), **_operations("client", CLIENT), **_operations("jobGroup", GROUP),
        },
        "components": {
            "messages": {**{m.__name__: _sent(m) for m in ALL}, **{m.__name__: _received(m) for m in _CLIENT_MODELS},
                         **{_command_name(name): _command(name) for name in _GROUP_COMMANDS}},
            "schemas": schemas["$defs"],
            "securitySchemes": _SECURITY,
        },
    }  # fmt: skip


def _channel(address: str, parameter: str, summary: str, sent: Sequence[type[BaseModel]]) -> Document:
    names = (*_names(sent), *_received_names(parameter))
    return {
        "address": address,
        "summary": summary,
        "parameters": {parameter: {"description": "Letters, digits and _.:@-", "examples": ["example-1"]}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "ws": {"method": "GET", "query": {"type": "object", "properties": {"since": _SINCE, "token": _TOKEN}}}
        },
    }


def _operations(channel: str, sent: Sequence[type[BaseModel]]) -> Document:
    def of(action: str, names: Iterable[str]) -> Document:
        messages = [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names]
        return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "messages": messages}

    return {
        f"{channel}Send": of("send", _names(sent)),
        f"{channel}Receive": of("receive", _received_names(f"{channel}Id")),
    }


def _names(models: Iterable[type[BaseModel]]) -> list[str]:
    return [model.__name__ for model in models]


def _received_names(parameter: str) -> list[str]:
    return [_command_name(name) for name in _GROUP_COMMANDS] if parameter == "jobGroupId" else _names(_CLIENT_MODELS)


def _sent(model: type[Any]) -> Document:
    return _message(model, model.kind(), model.example().model_dump(mode="json", exclude_unset=True))


def _received(model: type[BaseModel]) -> Document:
    kind = str(get_args(model.model_fields["type"].annotation)[0])
    return _message(model, kind, EXAMPLES[kind])


def _message(model: type[BaseModel], kind: str, example: Document) -> Document:
    return {
        "name": kind,
        "title": kind,
        "summary": " ".join((model.__doc__ or "").split()),
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        "examples": [{"name": kind, "payload": example}],
    }


def _command_name(name: str) -> str:
    return f"Group{name.title()}"


def _command(name: str) -> Document:
    payload = {
        "oneOf": [
            {"type": "string", "const": name},
            {"type": "object", "required": ["type"], "properties": {"type": {"const": name}}},
        ]
    }
    summary = "Asks for a `pong`." if name == "ping" else "Asks the server to close the connection."
    examples = [{"name": name, "payload": {"type": name}}]
    return {"name": name, "title": name, "summary": summary, "payload": payload, "examples": examples}
