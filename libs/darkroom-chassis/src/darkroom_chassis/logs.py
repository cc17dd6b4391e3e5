"""JSON logs: one event per line, a sentence and fields with the same names in every service."""

import logging
import sys
from typing import cast

import structlog

from darkroom_chassis.settings import LogFormat

NOISY = ("uvicorn.error", "psycopg")
"""Loggers that warn about each malformed request and each cancelled query. Only their errors are logged, because
clients can cause any number of warnings."""
SECRET_FIELDS = frozenset({"token", "secret", "password", "authorization", "api_key", "prompt", "signed_url", "jwt"})


def configure_logging(service: str, *, level: str = "INFO", log_format: LogFormat = LogFormat.JSON) -> None:
    """Route structlog and the standard library's loggers to stdout in one format."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_service(service),
        _drop_secrets,
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=0)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # one access line comes from the request middleware
    for name in NOISY:
        logging.getLogger(name).setLevel("ERROR")
    structlog.configure(
        processors=[*shared, renderer],
        # Writes directly: through the standard library, the line of a request costs four times as much.
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; call it with a sentence and fields."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(module=name))


def _add_service(service: str) -> structlog.types.Processor:
    def add(_: structlog.types.WrappedLogger, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event["service"] = service
        return event

    return add


def _drop_secrets(
    _: structlog.types.WrappedLogger, __: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """Replace the values of fields that are named like secrets, as a last line of defence."""
    for name in SECRET_FIELDS & event.keys():
        event[name] = "[removed]"
    return event
