"""Size limit for job parameters, which every event of the job contains."""

import json
from typing import Any

MAX_CHARACTERS = 65_536


def check_small(value: Any) -> Any:  # Any: whatever JSON the client sent
    """Return the value; raises `ValueError` if its JSON has more than `MAX_CHARACTERS` characters."""
    if len(json.dumps(value, ensure_ascii=False)) > MAX_CHARACTERS:
        raise ValueError(f"must have at most {MAX_CHARACTERS:,} characters of JSON")
    return value
