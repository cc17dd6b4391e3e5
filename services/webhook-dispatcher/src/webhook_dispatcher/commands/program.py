"""`python -m webhook_dispatcher`: serve, migrate the database, or print the OpenAPI document."""

import asyncio

import typer
from darkroom_chassis.database import Database
from darkroom_chassis.logs import configure_logging, get_logger
from darkroom_chassis.program import service_program
from darkroom_chassis.service import serve
from fastapi import FastAPI

from webhook_dispatcher.app import build_app
from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.settings import Settings
from webhook_dispatcher.store.reseal import reseal
from webhook_dispatcher.store.secret_box import FernetBox


async def _serve() -> None:
    settings = Settings.load()
    configure_logging("webhook-dispatcher", level=settings.log_level, log_format=settings.log_format)
    host, port = settings.webhook_dispatcher_host, settings.webhook_dispatcher_port
    get_logger(__name__).info("webhook-dispatcher listens", host=host, port=port)
    await serve(build_app(settings), host, port, settings)


def _openapi_app() -> FastAPI:
    anywhere = {"redis_url": "redis://localhost", "database_url": "postgresql://localhost/x", "secrets_key": "0" * 32}
    return build_app(Settings.model_validate(anywhere))


def _migrate() -> None:
    MIGRATIONS.upgrade(str(Settings.load().database_url))


async def _reseal() -> int:
    settings = Settings.load()
    database = Database(str(settings.database_url), application="webhook-dispatcher reseal", pool_size=1)
    try:
        return await reseal(database, FernetBox(settings.secrets_key.get_secret_value(), settings.old_keys))
    finally:
        await database.close()


cli = service_program("The webhook dispatcher of Darkroom.", _serve, openapi_app=_openapi_app, migrate=_migrate)


@cli.command("reseal")
def reseal_secrets() -> None:
    """Encrypt all secrets under the present SECRETS_KEY, so that SECRETS_KEYS_OLD is no longer needed."""
    typer.echo(f"{asyncio.run(_reseal())} secrets are encrypted under the present key")
