"""Generates proto-schemas/: OpenAPI of each service, AsyncAPI of the WebSockets, and JSON Schema of every wire model.

Each message of the WebSockets is also written as a file of its own, as the model of queue-api serializes its example.

`python tests/support/proto_schemas.py` writes the files; a contract test compares them with what the code says now.
"""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import darkroom_schemas
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from queue_api.domain import server_messages

FOLDER = Path(__file__).parents[2] / "proto-schemas"
SERVICES = {"platform-api": "platform_api", "queue-api": "queue_api", "webhook-dispatcher": "webhook_dispatcher"}
BASES = {"Wire", "Request"}


def generate() -> dict[Path, str]:
    """Return the content of every generated file by its path."""
    documents = {FOLDER / "openapi" / f"{name}.json": printed(module, "openapi") for name, module in SERVICES.items()}
    documents[FOLDER / "asyncapi" / "queue-api.json"] = printed("queue_api", "asyncapi")
    for model in server_messages.ALL:
        written = model.example().model_dump(mode="json", exclude_unset=True)
        documents[FOLDER / "messages" / f"{model.kind()}.json"] = written
    for module in pkgutil.iter_modules(darkroom_schemas.__path__):
        if schema := json_schema(f"{darkroom_schemas.__name__}.{module.name}"):
            documents[FOLDER / "jsonschema" / f"{module.name}.json"] = schema
    return {path: json.dumps(document, indent=2, sort_keys=True) + "\n" for path, document in documents.items()}


def printed(module: str, document: str) -> object:
    """Ask a service for a document; it needs no settings for that."""
    done = subprocess.run([sys.executable, "-m", module, document], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def json_schema(module: str) -> object:
    """Describe the models that a module of darkroom_schemas defines; None if it defines none."""
    members = vars(importlib.import_module(module)).values()
    models = [member for member in members if inspect.isclass(member) and issubclass(member, BaseModel)]
    own = [model for model in models if model.__module__ == module and model.__name__ not in BASES]
    if not own:
        return None
    _names, schema = models_json_schema([(model, "serialization") for model in own])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def write() -> None:
    """Replace the generated files by what the code says now."""
    for folder in ("openapi", "asyncapi", "messages", "jsonschema"):
        for stale in (FOLDER / folder).glob("*.json"):
            stale.unlink()
    for path, text in generate().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    write()
