"""`python -m webhook_dispatcher` serves; `migrate` builds the schema; `openapi` prints the OpenAPI document."""

import json
import sys

from darkroom_chassis.logs import configure_logging, get_logger
from darkroom_chassis.service import run, serve

from webhook_dispatcher.app import build_app
from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.settings import Settings


async def _serve() -> None:
    settings = Settings.load()
    configure_logging("webhook-dispatcher", level=settings.log_level, log_format=settings.log_format)
    host, port = settings.webhook_dispatcher_host, settings.webhook_dispatcher_port
    get_logger(__name__).info("webhook-dispatcher listens", host=host, port=port)
    await serve(build_app(settings), host, port, settings)


def _print_openapi() -> None:
    anywhere = {"redis_url": "redis://localhost", "database_url": "postgresql://localhost/x", "secrets_key": "0" * 32}
    print(json.dumps(build_app(Settings.model_validate(anywhere)).openapi(), indent=2))


match sys.argv[1:]:
    case []:
        run(_serve)
    case ["migrate"]:
        MIGRATIONS.upgrade(str(Settings.load().database_url))
    case ["openapi"]:
        _print_openapi()
    case _:
        raise SystemExit("usage: python -m webhook_dispatcher [migrate | openapi]")
