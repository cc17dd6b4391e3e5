"""`python -m webhook_dispatcher`: serve, migrate the database, or print the OpenAPI document."""

from darkroom_chassis.logs import configure_logging, get_logger
from darkroom_chassis.program import service_program
from darkroom_chassis.service import serve
from fastapi import FastAPI

from webhook_dispatcher.app import build_app
from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.settings import Settings


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


cli = service_program("The webhook dispatcher of Darkroom.", _serve, openapi_app=_openapi_app, migrate=_migrate)
