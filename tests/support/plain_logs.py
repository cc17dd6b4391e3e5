"""Logs in plain lines for all tests, as services write them."""

import pytest
import structlog


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Replace structlog's own default, which draws tracebacks with all locals, for seconds."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ],
    )
