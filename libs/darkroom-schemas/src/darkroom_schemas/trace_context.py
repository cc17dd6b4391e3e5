"""The W3C trace context that steps, results and events carry when the request that caused them is traced."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from darkroom_schemas.ids import TraceId

TRACEPARENT_LENGTH = 55
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", re.ASCII)


def read_traceparent(value: object) -> str | None:
    """Return a `traceparent` header of version 00 (W3C Trace Context §3.2) if it is well formed, else None."""
    match = _TRACEPARENT.fullmatch(value) if isinstance(value, str) else None
    return match[0] if match and int(match[1], 16) and int(match[2], 16) else None


def trace_id_of(traceparent: str) -> TraceId:
    """Return the trace id in a well-formed `traceparent`."""
    return TraceId(traceparent[3:35])


Traceparent = Annotated[
    Annotated[str, Field(max_length=TRACEPARENT_LENGTH, pattern=f"^{_TRACEPARENT.pattern}$")] | None,
    BeforeValidator(read_traceparent),
]
"""A malformed value is read as None: a trace is advisory, and never a reason to refuse a message."""
