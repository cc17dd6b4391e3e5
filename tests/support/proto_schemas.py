"""Generates proto-schemas/: the OpenAPI document of each service, and JSON Schema of every wire model.

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

FOLDER = Path(__file__).parents[2] / "proto-schemas"
SERVICES = {"platform-api": "platform_api", "queue-api": "queue_api", "webhook-dispatcher": "webhook_dispatcher"}
BASES = {"Wire", "Request"}


def generate() -> dict[Path, str]:
    """Return the content of every generated file by its path."""
    documents = {FOLDER / "openapi" / f"{name}.json": openapi(module) for name, module in SERVICES.items()}
    for module in pkgutil.iter_modules(darkroom_schemas.__path__):
        if schema := json_schema(f"{darkroom_schemas.__name__}.{module.name}"):
            documents[FOLDER / "jsonschema" / f"{module.name}.json"] = schema
    return {path: json.dumps(document, indent=2, sort_keys=True) + "\n" for path, document in documents.items()}


def openapi(module: str) -> object:
    """Ask a service for its OpenAPI document; it needs no settings for that."""
    printed = subprocess.run([sys.executable, "-m", module, "openapi"], capture_output=True, text=True, check=True)
    return json.loads(printed.stdout)


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
    for folder in ("openapi", "jsonschema"):
        for stale in (FOLDER / folder).glob("*.json"):
            stale.unlink()
    for path, text in generate().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    write()
