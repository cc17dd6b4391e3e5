"""`.env.example` names every setting of every service, and none that does not exist."""

import re
from pathlib import Path

import pytest
from darkroom_chassis.settings import ServiceSettings
from darkroom_schemas.catalogue_file import CATALOGUE_VARIABLE
from gpu_worker.settings import WorkerSettings
from platform_api.settings import Settings as PlatformSettings
from pydantic import AliasChoices
from queue_api.settings import Settings as QueueSettings
from webhook_dispatcher.settings import Settings as WebhookSettings

from contract.repository import ROOT

ALL: tuple[type[ServiceSettings], ...] = (PlatformSettings, QueueSettings, WebhookSettings, WorkerSettings)
DOCUMENTED = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", Path(ROOT, ".env.example").read_text(), re.MULTILINE))


def variables(settings: type[ServiceSettings]) -> set[str]:
    """Return the names of the environment variables that a service reads."""
    names: set[str] = set()
    prefix = settings.model_config.get("env_prefix", "")
    for field, info in settings.model_fields.items():
        match info.validation_alias:
            case AliasChoices(choices=choices):
                names |= {str(choice).upper() for choice in choices}
            case str(alias):
                names.add(alias.upper())
            case _:
                names.add(f"{prefix}{field}".upper())
    return names


@pytest.mark.parametrize("settings", ALL, ids=lambda s: s.__module__)
def test_every_setting_of_the_service_is_in_the_example(settings: type[ServiceSettings]) -> None:
    assert variables(settings) - DOCUMENTED == set()


def test_the_example_names_nothing_that_no_service_reads() -> None:
    assert set().union(*map(variables, ALL)) | {CATALOGUE_VARIABLE} >= DOCUMENTED


def test_the_variable_that_every_service_reads_through_the_catalogue_is_in_the_example() -> None:
    assert CATALOGUE_VARIABLE in DOCUMENTED
