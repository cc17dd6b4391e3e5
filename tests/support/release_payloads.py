"""Payloads as a release writes them, by which later releases show that both can run side by side.

`python tests/support/release_payloads.py` writes those of this release into proto-schemas/releases/<version>.
"""

import json
from pathlib import Path
from typing import Any, Final

from darkroom_schemas.api_key import PublishedKey
from darkroom_schemas.channels import MachineStatusMessage, ProgressMessage, WorkerStatusMessage
from darkroom_schemas.events import Emission, Event
from darkroom_schemas.job import JobCreatedData
from darkroom_schemas.recipe import BackendRecipe, Recipe
from darkroom_schemas.step import StepResult, StepSubmit
from darkroom_schemas.webhook import WebhookBody
from darkroom_schemas.worker import WorkerInfo
from platform_api.app import VERSION
from polyfactory.factories.pydantic_factory import ModelFactory
from pydantic import BaseModel

FOLDER = Path(__file__).parents[2] / "proto-schemas" / "releases"
_MODELS: tuple[type[BaseModel], ...] = (
    BackendRecipe,
    Emission,
    Event,
    JobCreatedData,
    MachineStatusMessage,
    ProgressMessage,
    PublishedKey,
    Recipe,
    StepResult,
    StepSubmit,
    WebhookBody,
    WorkerInfo,
    WorkerStatusMessage,
)
CROSSING: Final = {model.__name__: model for model in _MODELS}
"""Messages that one process writes and another one reads, perhaps of another release."""
_SEED = 1


def payloads_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return a payload with every field (`full`), one with the required fields only (`least`), and the JSON Schema."""
    every = ModelFactory.create_factory(model, __allow_none_optionals__=False, __random_seed__=_SEED).build()
    required = ModelFactory.create_factory(model, __use_defaults__=True, __random_seed__=_SEED).build()
    return {
        "full": every.model_dump(mode="json"),
        "least": required.model_dump(mode="json", exclude_unset=True, exclude_defaults=True),
        "schema": model.model_json_schema(),
    }


def write() -> None:
    """Write the payloads of this release."""
    folder = FOLDER / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in CROSSING.items():
        text = json.dumps(payloads_of(model), indent=1, sort_keys=True)
        (folder / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    write()
