"""Generates docs/log-events.md from the log lines in the code.

`python tests/support/log_events_page.py` writes the page; a contract test compares it with what the code says now.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "log-events.md"
SECTIONS = {
    "All services": ("darkroom-chassis", "darkroom-queue", "darkroom-redis", "darkroom-outbound"),
    "platform-api": ("platform-api",),
    "queue-api": ("queue-api",),
    "webhook-dispatcher": ("webhook-dispatcher",),
    "gpu-worker": ("gpu-worker",),
}
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
ORDER = ("error", "warning", "info", "debug")
NOT_FIELDS = {"exc_info", "extra", "stack_info"}
HEAD = """# Log events

Every service writes one JSON object a line to standard output. `event` is one of the sentences below, where {…} is a
value; `level` is its level, `module` its place in the code. `service` and `timestamp` are in every line, `trace_id` in
those within a request or an attempt. `error` means that someone must act; a traceback is in `exception`. Prompts,
secrets and signed URLs are never logged. This page is generated from the code (`make log-events-page`); a test compares
them.
"""


class UnreadableLogCall(Exception):
    """A log call whose sentence or level cannot be read from the code."""


@dataclass(frozen=True, order=True)
class LogEvent:
    """A log line: `{…}` in a sentence is a value."""

    sentence: str
    levels: tuple[str, ...]
    module: str
    fields: tuple[str, ...]


def events_of(source: str, module: str) -> Iterator[LogEvent]:
    """Yield the log lines of a module; raises UnreadableLogCall."""
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        nested = {id(n) for f in ast.walk(function) if f is not function and _is_function(f) for n in ast.walk(f)}
        own = [node for node in ast.walk(function) if id(node) not in nested]
        values = {
            target.id: node.value
            for node in own
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in own:
            if isinstance(node, ast.Call) and (levels := _levels_of(node, values)):
                yield LogEvent(_sentence(node, values, module), levels, module, tuple(_fields(node)))


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _levels_of(call: ast.Call, values: dict[str, ast.expr]) -> tuple[str, ...]:
    """Return the levels that a call may log at; none for other calls."""
    if isinstance(call.func, ast.Name) and call.func.id in values:
        return _levels_in(values[call.func.id])
    if isinstance(call.func, ast.Attribute) and call.func.attr == "log" and _is_log(call.func.value):
        level = call.args[0]
        value = values.get(level.id, level) if isinstance(level, ast.Name) else level
        found = {n.attr.lower() for n in ast.walk(value) if isinstance(n, ast.Attribute) and n.attr.lower() in LEVELS}
        return tuple(sorted(found, key=ORDER.index))
    return _levels_in(call.func) if isinstance(call.func, ast.Attribute) else ()


def _levels_in(expression: ast.expr) -> tuple[str, ...]:
    found = {
        LEVELS[node.attr]
        for node in ast.walk(expression)
        if isinstance(node, ast.Attribute) and node.attr in LEVELS and _is_log(node.value)
    }
    return tuple(sorted(found, key=ORDER.index))


def _is_log(node: ast.expr) -> bool:
    """Return whether an expression is the logger of its module: `log`, or a call of `get_logger`."""
    called = node.func if isinstance(node, ast.Call) else node
    return isinstance(called, ast.Name) and called.id in {"log", "get_logger"}


def _sentence(call: ast.Call, values: dict[str, ast.expr], module: str) -> str:
    position = 1 if isinstance(call.func, ast.Attribute) and call.func.attr == "log" else 0
    first = call.args[position]
    value = values.get(first.id, first) if isinstance(first, ast.Name) else first
    match value:
        case ast.Constant(value=str(text)):
            return text.replace("%s", "{…}")
        case ast.JoinedStr(values=parts):
            return "".join(str(p.value) if isinstance(p, ast.Constant) else "{…}" for p in parts)
        case _:
            raise UnreadableLogCall(f"{module}:{call.lineno}: write the sentence into the call")


def _fields(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg is None:
            dictionaries = [node for node in ast.walk(keyword.value) if isinstance(node, ast.Dict)]
            yield from _keys(dictionaries)
        elif keyword.arg == "extra" and isinstance(keyword.value, ast.Dict):
            yield from _keys([keyword.value])
        elif keyword.arg not in NOT_FIELDS:
            yield keyword.arg


def _keys(dictionaries: Sequence[ast.Dict]) -> Iterator[str]:
    for dictionary in dictionaries:
        yield from (str(key.value) for key in dictionary.keys if isinstance(key, ast.Constant))


def events_in(members: Sequence[str]) -> list[LogEvent]:
    """Return the log lines of members, by level and sentence."""
    found: set[LogEvent] = set()
    for member in members:
        [folder] = [
            path for path in (ROOT / "libs" / member / "src", ROOT / "services" / member / "src") if path.exists()
        ]
        for file in folder.rglob("*.py"):
            module = ".".join(file.relative_to(folder).with_suffix("").parts)
            found |= set(events_of(file.read_text(), module))
    return sorted(found, key=lambda event: (ORDER.index(event.levels[0]), event))


def generate() -> str:
    """Return the page."""
    parts = [HEAD]
    for title, members in SECTIONS.items():
        rows = [
            f"| {' or '.join(e.levels)} | {e.sentence} | {' '.join(f'`{name}`' for name in e.fields)} | `{e.module}` |"
            for e in events_in(members)
        ]
        head = (f"\n## {title}\n", "| Level | Sentence | Fields | Module |", "|---|---|---|---|")
        parts.append("\n".join([*head, *rows]) + "\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(generate())
