"""`python -m queue_api`: serve, or print the OpenAPI or the AsyncAPI document."""

import json

import typer
from darkroom_chassis.logs import configure_logging, get_logger
from darkroom_chassis.program import add_doctor, service_program
from darkroom_chassis.service import serve
from darkroom_chassis.tracing import configure_tracing
from fastapi import FastAPI

from queue_api.app import VERSION, build_app
from queue_api.commands.asyncapi import asyncapi_document
from queue_api.commands.doctor import ABOUT, doctor_checks
from queue_api.settings import Settings


async def _serve() -> None:
    settings = Settings.load()
    configure_logging("queue-api", level=settings.log_level, log_format=settings.log_format)
    configure_tracing("queue-api", VERSION, settings)
    log = get_logger(__name__)
    if settings.auth_token is None:
        log.warning("AUTH_TOKEN is not set: listening on loopback only, without authentication", host=settings.host)
    log.info("queue-api listens", host=settings.host, port=settings.queue_api_port)
    await serve(build_app(settings), settings.host, settings.queue_api_port, settings)


def _openapi_app() -> FastAPI:
    return build_app(Settings(redis_url="redis://localhost"))


cli = service_program("The queue API of Darkroom.", _serve, openapi_app=_openapi_app)
add_doctor(cli, doctor_checks, ABOUT)


@cli.command(name="asyncapi")
def _asyncapi() -> None:
    """Print the AsyncAPI document of the WebSockets."""
    typer.echo(json.dumps(asyncapi_document(VERSION), indent=2))
