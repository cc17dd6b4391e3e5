"""`python -m webhook_dispatcher`: serve, migrate the database, or print the OpenAPI document."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import typer
from darkroom_chassis.database import Database
from darkroom_chassis.logs import configure_logging, get_logger
from darkroom_chassis.program import add_doctor, service_program
from darkroom_chassis.service import serve
from darkroom_chassis.tracing import configure_tracing
from fastapi import FastAPI

from webhook_dispatcher.app import VERSION, build_app
from webhook_dispatcher.commands.doctor import ABOUT, doctor_checks
from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.settings import Settings
from webhook_dispatcher.store.reseal import reseal
from webhook_dispatcher.store.secret_box import FernetBox
from webhook_dispatcher.store.signing_keys import PostgresSigningKeys


async def _serve() -> None:
    settings = Settings.load()
    configure_logging("webhook-dispatcher", level=settings.log_level, log_format=settings.log_format)
    configure_tracing("webhook-dispatcher", VERSION, settings)
    host, port = settings.webhook_dispatcher_host, settings.webhook_dispatcher_port
    get_logger(__name__).info("webhook-dispatcher listens", host=host, port=port)
    await serve(build_app(settings), host, port, settings)


def _openapi_app() -> FastAPI:
    anywhere = {"redis_url": "redis://localhost", "database_url": "postgresql://localhost/x", "secrets_key": "0" * 32}
    return build_app(Settings.model_validate(anywhere))


def _database_url() -> str:
    return str(Settings.load().database_url)


@asynccontextmanager
async def _database(application: str) -> AsyncIterator[tuple[Database, FernetBox]]:
    settings = Settings.load()
    database = Database(str(settings.database_url), application=application, pool_size=1)
    try:
        yield database, FernetBox(settings.secrets_key.get_secret_value(), settings.old_keys)
    finally:
        await database.close()


async def _reseal() -> int:
    async with _database("webhook-dispatcher reseal") as (database, box):
        return await reseal(database, box)


async def _rotate() -> str:
    async with _database("webhook-dispatcher rotate-key") as (database, box):
        return await PostgresSigningKeys(database, box).rotate()


cli = service_program(
    "The webhook dispatcher of Darkroom.", _serve, openapi_app=_openapi_app, schema=(MIGRATIONS, _database_url)
)
add_doctor(cli, doctor_checks, ABOUT)


@cli.command("reseal")
def reseal_secrets() -> None:
    """Encrypt all secrets under the present SECRETS_KEY, so that SECRETS_KEYS_OLD is no longer needed."""
    typer.echo(f"{asyncio.run(_reseal())} secrets are encrypted under the present key")


@cli.command("rotate-key")
def rotate_key() -> None:
    """Publish a new ed25519 key, which signs after ten minutes. Earlier keys stay published for a week."""
    typer.echo(f"{asyncio.run(_rotate())} is published and signs in ten minutes")
