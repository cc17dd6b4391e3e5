"""Describes validation errors in plain sentences: the field, its value, and what is valid.

pydantic lists every invalid item, so an error could be many times larger than its request. At most `MAX_ERRORS` are
reported.
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
"""Maximum number of known names that are listed when none is similar to an unknown one."""
BODY = "body"
_PLACES = {BODY, "query", "path", "header", "cookie"}
_SECRET_NAMES = ("password", "secret", "token", "api_key", "authorization", "signature", "ticket", "x-api-key")
"""A field with one of these in its name is secret: errors do not quote its value."""
_TIME = "a time such as 2026-11-27T12:00:00Z"
_DATE = "a date such as 2026-11-27"
_URL = "an absolute URL such as https://example.org/hook"
_UUID = "a UUID such as 019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"
_CHOICES = {"literal_error", "enum"}


def _kinds(stem: str, ends: str) -> list[str]:
    return [f"{stem}_{end}" for end in ends.split()]


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
    "timezone_naive": "must have no time zone",
    "timezone_offset": "must be {tz_expected} seconds ahead of UTC",
    **dict.fromkeys(_kinds("datetime", "type parsing object_invalid from_date_parsing"), f"must be {_TIME}"),
    **dict.fromkeys(_kinds("date", "type parsing from_datetime_parsing from_datetime_inexact"), f"must be {_DATE}"),
    **dict.fromkeys(_kinds("time", "type parsing"), "must be a time of day such as 12:00:00"),
    **dict.fromkeys(_kinds("time_delta", "type parsing"), "must be a duration such as PT1H30M"),
    **dict.fromkeys(("date_past", "datetime_past"), "must be in the past"),
    **dict.fromkeys(("date_future", "datetime_future"), "must be in the future"),
    **dict.fromkeys(_kinds("url", "type parsing syntax_violation"), f"must be {_URL}"),
    "url_scheme": "must be a URL whose scheme is {expected_schemes}",
    "url_too_long": "must have at most {max_length} characters",
    **dict.fromkeys(_kinds("uuid", "type parsing"), f"must be {_UUID}"),
    "uuid_version": "must be a UUID of version {expected_version}",
    "decimal_whole_digits": "must have at most {whole_digits} digits before the decimal point",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "mapping_type": "must be an object",
    "dataclass_type": "must be an object",
    "invalid_key": "must have names that are strings",
    "bytes_type": "must be a string",
    "string_not_ascii": "must have ASCII characters only",
    "none_required": "must be null",
    "union_tag_invalid": "must have a {discriminator} that is one of {expected_tags}",
    "union_tag_not_found": "must have a {discriminator}",
    "json_invalid": "must be JSON",
}
_SHOWING_NO_VALUE = {
    *("missing", "string_type", "string_unicode", "string_too_short", "string_too_long", "too_short", "too_long"),
    *("list_type", "tuple_type", "dict_type", "model_type", "model_attributes_type", "json_invalid", "extra_forbidden"),
    *("set_type", "frozen_set_type", "mapping_type", "dataclass_type", "union_tag_not_found", "union_tag_invalid"),
    *("url_too_long", "value_error"),
}


def invalid_request(
    fields: Sequence[FieldError],
    *,
    more: int = 0,
    status: int = 400,
    code: ErrorCode = ErrorCode.INVALID_REQUEST,
    extra: Mapping[str, Any] | None = None,
) -> AppError:
    """Build the error that names the invalid fields. `more` counts omitted ones; `extra` adds top-level members."""
    clauses = [_clause(field) for field in fields]
    if more:
        clauses.append(f"and {more:,} more")
    return AppError(status, code, _sentences(clauses), errors=fields, extra=extra)


def invalid_by(errors: Sequence[Any], model: Any = None, *, code: ErrorCode = ErrorCode.INVALID_REQUEST) -> AppError:
    """Build the 400 for pydantic's or FastAPI's list of errors. `model` is the expected type of the body."""
    return invalid_request(field_errors(errors, model), more=max(0, len(errors) - MAX_ERRORS), code=code)


def field_errors(errors: Sequence[Any], model: Any = None) -> list[FieldError]:
    """Convert pydantic's list of errors. Fields are named as the client wrote them (`metadata.prompt`)."""
    return [FieldError(field=_field_name(e), message=_message(e, model)) for e in errors[:MAX_ERRORS]]


def printable(text: str, limit: int) -> str:
    """Shorten a client's text to `limit` characters and escape lone surrogates and U+0000."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return cut.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def suggestion(name: str, known: Sequence[str]) -> str:
    """Suggest the known name that is most similar to `name`, or list all if they are at most `MAX_LISTED`."""
    if similar := similar_name(name, known):
        return f"did you mean `{similar}`?"
    return f"known are {', '.join(f'`{one}`' for one in known)}" if 0 < len(known) <= MAX_LISTED else ""


def must_be_one_of(value: str, known: Sequence[str]) -> str:
    """Describe a value that is none of the known names: lists up to `MAX_LISTED` of them and suggests a similar one."""
    listed = ", ".join(printable(one, MAX_NAME) for one in known[:MAX_LISTED])
    more = f" and {len(known) - MAX_LISTED:,} more" if len(known) > MAX_LISTED else ""
    if not known:
        return f"cannot be {_quoted(value)}, as there is none yet"
    similar = similar_name(value, known)
    return f"must be one of {listed}{more}, not {_quoted(value)}" + (
        f"; did you mean `{printable(similar, MAX_NAME)}`?" if similar else ""
    )


def similar_name(name: str, known: Sequence[str]) -> str | None:
    """Return the most similar known name, ignoring case; None if none is close."""
    folded = {one[:MAX_NAME].casefold(): one for one in reversed(known)}
    close = difflib.get_close_matches(name[:MAX_NAME].casefold(), folded, n=1)
    return folded[close[0]] if close else None


def _sentences(clauses: Sequence[str]) -> str:
    """Join clauses with semicolons. A clause that ends with a question mark or full stop ends its sentence."""
    text = ""
    for clause in clauses:
        is_begin = not text or text.endswith(("?", "."))
        text += " " if text and is_begin else "; " if text else ""
        text += clause[:1].upper() + clause[1:] if is_begin else clause
    return text if text.endswith(("?", ".")) else text + "."


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
        # Outside a body only the name is useful: the index of a repeated parameter is not.
        parts = (parts[1:] if parts[0] == BODY else parts[1:2]) or [parts[0]]
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
        must = _MUST[kind].format_map(_Context(context)) if kind in _MUST else _validator_message(error)
    shown = "" if kind in _SHOWING_NO_VALUE else _value(error)
    return printable(_singular(must), MAX_MESSAGE) + shown + (_meant(error) if kind in _CHOICES else "")


def _unknown(error: Mapping[str, Any], model: Any) -> str:
    path = [part for part in error["loc"] if part not in _PLACES]
    hint = suggestion(str(path[-1]), _known_names(model, path[:-1])) if path else ""
    return "is not a known field" + (f"; {hint}" if hint else "")


def _value(error: Mapping[str, Any]) -> str:
    value = error.get("input")
    if not isinstance(value, str | int | float | bool) or _is_secret(error):
        return ""
    return f", not {_quoted(value) if isinstance(value, str | bool) else printable(_digits(value), MAX_VALUE)}"


def _is_secret(error: Mapping[str, Any]) -> bool:
    """Whether the value must not be quoted: a field named like a secret, or a URL with user information."""
    if str(error.get("type")).startswith("url_") and "@" in str(error.get("input")):
        return True
    return any(word in str(part).lower() for part in error["loc"] for word in _SECRET_NAMES)


def _quoted(value: str | bool) -> str:
    return printable(json.dumps(value, ensure_ascii=False), MAX_VALUE)


def _meant(error: Mapping[str, Any]) -> str:
    """Suggest the choice that is most similar to the invalid value."""
    value = error.get("input")
    if not isinstance(value, str) or _is_secret(error):
        return ""
    similar = similar_name(value, re.findall(r"'([^']+)'", str((error.get("ctx") or {}).get("expected", ""))))
    return f"; did you mean `{similar}`?" if similar else ""


def _digits(value: float) -> str:
    return str(value) if isinstance(value, float) or abs(value) < 10**30 else "a larger number"


def _validator_message(error: Mapping[str, Any]) -> str:
    """Return the validator's message, with a lower-case first letter unless the first word is an abbreviation."""
    text = str(error["msg"]).removeprefix("Value error, ")
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _singular(text: str) -> str:
    return re.sub(r"\b1 (character|item|digit|decimal place)s\b", r"1 \1", text)


class _Context(dict[str, Any]):
    """Formatting context in which missing values are empty."""

    def __missing__(self, key: str) -> str:
        return ""


def _known_names(model: Any, path: Sequence[Any]) -> list[str]:
    """Return the field names of the object at `path` in the model."""
    found = list(_models(model))
    for part in path:
        if isinstance(part, int):
            continue  # the index of a list, whose item model has been found already
        inner = [model.model_fields[part].annotation for model in found if part in model.model_fields]
        if inner:
            found = [one for annotation in inner for one in _models(annotation)]
    return list(dict.fromkeys(name for model in found for name in model.model_fields))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models in an annotation such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
