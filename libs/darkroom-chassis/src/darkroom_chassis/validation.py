"""What is wrong with a request, in plain sentences: field, value, and what would be right.

pydantic lists every wrong item, so an answer could outgrow its request many times: at most `MAX_ERRORS` are told.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from darkroom_schemas.errors import ErrorCode, FieldError
from darkroom_schemas.fields import STORABLE_PATTERN
from pydantic import BaseModel

from darkroom_chassis.errors import AppError

MAX_ERRORS = 20
MAX_NAME, MAX_VALUE, MAX_MESSAGE = 100, 60, 300
MAX_LISTED = 20
"""Names of fields that are listed where none is similar to an unknown one."""
BODY = "body"
_PLACES = {BODY, "query", "path", "header", "cookie"}
_UNTOLD = ("password", "secret", "token", "api_key", "authorization", "signature", "ticket", "x-api-key")
"""Parts of the names of fields whose values are not repeated."""
_MUST: Mapping[str, str] = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_unicode": "must not contain lone surrogates (U+D800 to U+DFFF)",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of at most 4,300 digits",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "decimal_max_digits": "must have at most {max_digits} digits",
    "decimal_max_places": "must have at most {decimal_places} decimal places",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "timezone_aware": "must have a time zone, as in 2026-01-31T12:00:00Z",
    "json_invalid": "must be JSON",
}
_SHOWING_NO_VALUE = {
    *("missing", "string_type", "string_unicode", "string_too_short", "string_too_long", "too_short", "too_long"),
    *("list_type", "tuple_type", "dict_type", "model_type", "model_attributes_type", "json_invalid", "extra_forbidden"),
    "value_error",
}


def invalid_request(
    fields: Sequence[FieldError], *, more: int = 0, code: ErrorCode = ErrorCode.INVALID_REQUEST
) -> AppError:
    """Make the 400 that names the wrong fields; `more` were left out."""
    sentences = [_clause(field) for field in fields]
    if more:
        sentences.append(f"and {more:,} more")
    sentence = "; ".join(sentences)
    return AppError(400, code, sentence[:1].upper() + sentence[1:] + ".", errors=fields)


def invalid_by(errors: Sequence[Any], model: Any = None, *, code: ErrorCode = ErrorCode.INVALID_REQUEST) -> AppError:
    """Make the 400 for pydantic's or FastAPI's list of errors; `model` is what the body should have been."""
    return invalid_request(field_errors(errors, model), more=max(0, len(errors) - MAX_ERRORS), code=code)


def field_errors(errors: Sequence[Any], model: Any = None) -> list[FieldError]:
    """Turn pydantic's list of errors into fields as the client wrote them (`metadata.prompt`)."""
    return [FieldError(field=_field_name(e), message=_message(e, model)) for e in errors[:MAX_ERRORS]]


def printable(text: str, limit: int) -> str:
    """Cut a client's text so that it fits into an answer, which is UTF-8 without control characters."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return cut.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def suggestion(name: str, known: Sequence[str]) -> str:
    """Say what an unknown name may have meant: the most similar known one, or all of them if they are few."""
    if close := difflib.get_close_matches(name[:MAX_NAME], known, n=1):
        return f"did you mean `{close[0]}`?"
    return f"known are {', '.join(f'`{one}`' for one in known)}" if 0 < len(known) <= MAX_LISTED else ""


def _clause(error: FieldError) -> str:
    if error.field == BODY:
        return f"the body {error.message}" if error.message.startswith(("is ", "must ")) else error.message
    return f"`{error.field}` {error.message}"


def _field_name(error: Mapping[str, Any]) -> str:
    location = error["loc"]
    if error.get("type") == "json_invalid":
        return BODY
    parts = [printable(str(part), MAX_NAME) for part in location[:12]]
    if parts and parts[0] in _PLACES:
        parts = parts[1:] or [parts[0]]
    return ".".join(parts)


def _message(error: Mapping[str, Any], model: Any) -> str:
    kind, context = str(error.get("type", "")), error.get("ctx") or {}
    if kind == "extra_forbidden":
        return _unknown(error, model)
    if kind == "string_pattern_mismatch":
        if context.get("pattern") == STORABLE_PATTERN:
            return "must not contain the character U+0000"
        must = f"must match {context.get('pattern')}"
    else:
        if kind in {"too_short", "too_long"} and isinstance(error.get("input"), str):
            kind = f"string_{kind}"
        must = _MUST[kind].format_map(_Context(context)) if kind in _MUST else _own_words(error)
    return printable(_singular(must), MAX_MESSAGE) + ("" if kind in _SHOWING_NO_VALUE else _value(error))


def _unknown(error: Mapping[str, Any], model: Any) -> str:
    path = [part for part in error["loc"] if part not in _PLACES]
    hint = suggestion(str(path[-1]), _known_names(model, path[:-1])) if path else ""
    return "is not a known field" + (f"; {hint}" if hint else "")


def _value(error: Mapping[str, Any]) -> str:
    value, name = error.get("input"), str(error["loc"][-1]).lower() if error["loc"] else ""
    if not isinstance(value, str | int | float | bool) or any(word in name for word in _UNTOLD):
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else _digits(value)
    return f", not {printable(text, MAX_VALUE)}"


def _digits(value: float) -> str:
    return str(value) if isinstance(value, float) or abs(value) < 10**30 else "a larger number"


def _own_words(error: Mapping[str, Any]) -> str:
    """Return the validator's own sentence, with a small first letter unless the first word is an abbreviation."""
    text = str(error["msg"]).removeprefix("Value error, ")
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _singular(text: str) -> str:
    return re.sub(r"\b1 (character|item|digit|decimal place)s\b", r"1 \1", text)


class _Context(dict[str, Any]):
    """Gives what pydantic does not tell as an empty text."""

    def __missing__(self, key: str) -> str:
        return ""


def _known_names(model: Any, path: Sequence[Any]) -> list[str]:
    """Return the names that an object at `path` inside the model may have."""
    found = list(_models(model))
    for part in path:
        if isinstance(part, int):
            continue  # an item of a list, whose model is among those found
        inner = [model.model_fields[part].annotation for model in found if part in model.model_fields]
        if inner:
            found = [one for annotation in inner for one in _models(annotation)]
    return list(dict.fromkeys(name for model in found for name in model.model_fields))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Find the models in an annotation such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
