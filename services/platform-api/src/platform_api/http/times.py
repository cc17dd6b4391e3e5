"""Times in queries."""

import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

_LOST_PLUS = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)? \d\d(:?\d\d)?\Z", re.ASCII)


def _reject_lost_plus(value: Any) -> Any:  # Any: whatever the client sent
    """Reject a time whose `+` was not encoded as `%2B`: in a query, `+` means a space."""
    if isinstance(value, str) and _LOST_PLUS.search(value):
        raise ValueError("has a space before its offset: encode + as %2B in a URL, or use UTC with a Z")
    return value


QueryTime = Annotated[AwareDatetime, BeforeValidator(_reject_lost_plus)]
