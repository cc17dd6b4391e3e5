"""`{{variables}}` in templates, and their values."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from darkroom_chassis.validation import MAX_NAME, printable
from darkroom_schemas.workflow import Variable

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.templates import REFERENCE_START, as_text, check_length, references, starts_reference

MAX_SHOWN = 20
VARIABLE = re.compile(r"\{\{\s*(?!steps\.)([A-Za-z_][A-Za-z0-9_.-]{0,63})\s*\}\}", re.ASCII)


def variables_in(template: Any) -> Iterator[str]:
    """Yield the names of variables in any JSON value, except in keys of objects."""
    match template:
        case str():
            yield from (match[1] for match in VARIABLE.finditer(template))
        case list() | tuple():
            for item in template:
                yield from variables_in(item)
        case dict():
            for item in template.values():
                yield from variables_in(item)


def substitute(template: Any, values: Mapping[str, Any]) -> Any:
    """Replace variables by values. A string that is a single variable takes the type of its value.

    Raises `InvalidParameter` for a variable without a value, or if values combine into a reference to a step's result;
    `Unfillable` if the values are too long.
    """
    check_length(as_text(_value(values, name)) for name in variables_in(template))
    filled = _substitute(template, values)
    if list(references(filled)) != list(references(template)):
        raise InvalidParameter("variables", f"must not form {REFERENCE_START}, which refers to results of other steps")
    return filled


def check_declared(given: Iterable[str], variables: Sequence[Variable], blanks: Iterable[str]) -> None:
    """Reject a variable that is neither declared, by name or mapping, nor a placeholder of the template."""
    names = {variable.name: variable.template_mapping for variable in variables}
    undeclared = sorted(set(blanks) - set(names.values()))
    for name in given:
        if name not in names and name not in names.values() and name not in undeclared:
            valid = [*names, *undeclared]
            known = ", ".join(valid[:MAX_SHOWN]) or "none"
            message = f"is not a variable of the collection, which has {known}"
            raise InvalidParameter(f"variables.{printable(name, MAX_NAME)}", message)


def resolve(variables: Sequence[Variable], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of each template mapping: given by name or mapping, otherwise the first option.

    Raises `InvalidParameter` for a value that is not an option, or that contains a reference to a step's result.
    """
    for name, value in given.items():
        if _names_results(value):
            message = f"must not contain {REFERENCE_START}, which refers to results of other steps"
            raise InvalidParameter(f"variables.{name}", message)
    values = dict(given)
    for variable in variables:
        chosen = given.get(variable.name, given.get(variable.template_mapping))
        if chosen is None and variable.options:
            chosen = variable.options[0]
        if chosen is None:
            continue
        if variable.options and not variable.is_customizable and chosen not in variable.options:
            message = f"must be one of {', '.join(variable.options)}"
            raise InvalidParameter(f"variables.{variable.name}", message)
        values[variable.template_mapping] = chosen
    return values


def _substitute(template: Any, values: Mapping[str, Any]) -> Any:
    match template:
        case str():
            if whole := VARIABLE.fullmatch(template):
                return _value(values, whole[1])
            return VARIABLE.sub(lambda match: as_text(_value(values, match[1])), template)
        case list() | tuple():
            return [_substitute(item, values) for item in template]
        case dict():
            return {name: _substitute(item, values) for name, item in template.items()}
    return template


def _value(values: Mapping[str, Any], name: str) -> Any:
    if values.get(name) is None:
        raise InvalidParameter(f"variables.{name}", "is required by the template and was not given")
    return values[name]


def _names_results(value: Any) -> bool:
    match value:
        case str():
            return starts_reference(value)
        case list():
            return any(map(_names_results, value))
        case dict():
            return any(map(_names_results, value.values()))
    return False
