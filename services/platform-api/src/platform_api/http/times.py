"""Times in queries."""

import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

_LOST_PLUS = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)? \d\d(:?\d\d)?\Z", re.ASCII)


def _with_its_sign(value: Any) -> Any:  # Any: whatever the client sent
    """Say what became of a `+` that was not written as `%2B`: in a query it stands for a blank."""
    if isinstance(value, str) and _LOST_PLUS.search(value):
        raise ValueError("has a blank before its offset: write + as %2B in a URL, or give the time in UTC with a Z")
    return value


QueryTime = Annotated[AwareDatetime, BeforeValidator(_with_its_sign)]
