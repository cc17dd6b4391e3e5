"""Parts of JSON values: dotted paths, conditions on them, and URLs that contain them."""

import re
from typing import Any
from urllib.parse import quote

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import Condition

from gpu_worker.domain.failures import Failure

_PLACE = re.compile(r"\{([^{}]+)\}")
_ABSENT = object()


def part_of(value: Any, path: str, field: str) -> Any:
    """Return what a dotted path names; raises an INVALID_PAYLOAD Failure that says which `field` named it."""
    found = _find(value, path)
    if found is _ABSENT:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"{field}: the server's answer has no {path[:100]!r}")
    return found


def optional_part(value: Any, path: str) -> Any:
    """Return what a dotted path names, or None."""
    found = _find(value, path)
    return None if found is _ABSENT else found


def meets(value: Any, condition: Condition) -> bool:
    """Whether a value meets a condition. A part that is absent meets none."""
    found = _find(value, condition.path)
    if found is _ABSENT:
        return False
    wanted = (condition.equals,) if condition.one_of is None else condition.one_of
    return any(type(found) is type(one) and found == one for one in wanted)


def filled_url(template: str, value: Any, field: str) -> str:
    """Replace each `{dotted.path}` by that part of a value: the whole URL as it is, a part of one percent-encoded.

    Raises an INVALID_PAYLOAD Failure that names `field` for a part that is absent or not a text or number.
    """

    def text_of(path: str) -> str:
        found = part_of(value, path, field)
        if isinstance(found, bool) or not isinstance(found, str | int):
            raise Failure(StepErrorCode.INVALID_PAYLOAD, f"{field}: {path[:100]!r} is not a text or a number")
        return str(found)

    if whole := _PLACE.fullmatch(template):
        return text_of(whole[1])
    return _PLACE.sub(lambda match: quote(text_of(match[1]), safe=""), template)


def _find(value: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name[:10]) < len(value):
            value = value[int(name[:10])]
        else:
            return _ABSENT
    return value
