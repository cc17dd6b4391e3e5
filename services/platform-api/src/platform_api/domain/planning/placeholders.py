"""Validates placeholders in templates: `{{...}}` without braces inside."""

import re
from typing import Any

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.templates import REFERENCE
from platform_api.domain.planning.variables import VARIABLE

_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
_SHOWN_CHARACTERS = 80


def check_placeholders(template: Any, where: str) -> None:
    """Reject a placeholder that names neither a variable nor a step's result; the error has its path below `where`.

    For templates only. In values of variables, the same text has no special meaning.
    """
    match template:
        case str():
            for found in _PLACEHOLDER.finditer(template):
                if not (VARIABLE.fullmatch(found[0]) or REFERENCE.fullmatch(found[0])):
                    shown = found[0][:_SHOWN_CHARACTERS]
                    raise InvalidParameter(where, f"has {shown}, which names neither a variable nor a step's result")
        case list() | tuple():
            for number, item in enumerate(template):
                check_placeholders(item, f"{where}.{number}")
        case dict():
            for name, item in template.items():
                check_placeholders(item, f"{where}.{name}")
