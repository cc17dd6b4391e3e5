"""`python -m queue_api` serves; `python -m queue_api openapi` prints the OpenAPI document."""

import json
import sys

from darkroom_chassis.logs import configure_logging, get_logger
from darkroom_chassis.service import run, serve

from queue_api.app import build_app
from queue_api.settings import Settings


async def _serve() -> None:
    settings = Settings.load()
    configure_logging("queue-api", level=settings.log_level, log_format=settings.log_format)
    log = get_logger(__name__)
    if settings.auth_token is None:
        log.warning("AUTH_TOKEN is not set: listening on loopback only, without authentication", host=settings.host)
    log.info("queue-api listens", host=settings.host, port=settings.queue_api_port)
    await serve(build_app(settings), settings.host, settings.queue_api_port, settings)


if sys.argv[1:] == ["openapi"]:
    print(json.dumps(build_app(Settings(redis_url="redis://localhost")).openapi(), indent=2))
elif sys.argv[1:]:
    raise SystemExit("usage: python -m queue_api [openapi]")
else:
    run(_serve)
