"""The AsyncAPI document is valid, and its examples are messages that both sides read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from queue_api.domain.client_messages import KNOWN, read_message
from support.proto_schemas import FOLDER

Document = dict[str, Any]
SCHEMA = Path(__file__).parent / "asyncapi" / "asyncapi-3.0.0.schema.json"
DOCUMENT: Document = json.loads((FOLDER / "asyncapi" / "queue-api.json").read_text())
MESSAGES: dict[str, Document] = DOCUMENT["components"]["messages"]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolve(reference: str) -> Any:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/")]
    return found


def test_the_document_is_valid_asyncapi() -> None:
    schema = json.loads(SCHEMA.read_text())
    errors = sorted(Draft7Validator(schema).iter_errors(DOCUMENT), key=lambda error: len(error.path))
    assert [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in errors] == []


def test_a_document_with_an_error_is_refused() -> None:
    schema = json.loads(SCHEMA.read_text())
    broken = DOCUMENT | {"operations": {"monitorSend": {"action": "shout"}}}
    assert not Draft7Validator(schema).is_valid(broken)


def test_every_reference_exists() -> None:
    for reference in references(DOCUMENT):
        assert resolve(reference) is not None


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_message_has_an_example_that_its_schema_admits(name: str) -> None:
    message = MESSAGES[name]
    payload = {"$ref": "#/payload", "payload": message["payload"], "components": DOCUMENT["components"]}
    examples = [example["payload"] for example in message["examples"]]
    assert examples
    for example in examples:
        Draft202012Validator(payload).validate(example)


def test_every_channel_and_every_message_of_clients_is_described() -> None:
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert addresses == {"/ws/monitor/{monitorId}", "/ws/client/{clientId}", "/ws/job-groups/{jobGroupId}"}
    received = [resolve(one["$ref"]) for one in DOCUMENT["operations"]["monitorReceive"]["messages"]]
    described = [resolve(one["$ref"]) if "$ref" in one else one for one in received]
    assert {message["name"] for message in described} == set(KNOWN)
    for message in described:
        read, _ = read_message(json.dumps(message["examples"][0]["payload"]))
        assert read.type == message["name"]
