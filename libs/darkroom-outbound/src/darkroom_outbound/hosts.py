"""Compares hosts with the patterns of an operator's list."""

from collections.abc import Iterable


def matches_host(host: str, patterns: Iterable[str]) -> bool:
    """Whether a host is in a list. `*.example.com` stands for all hosts below the domain, and not for the domain."""
    name = _normal(host)
    return any(_matches(name, _normal(pattern)) for pattern in patterns)


def _matches(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:]) and len(name) > len(pattern) - 1
    return name == pattern


def _normal(host: str) -> str:
    return host.rstrip(".").casefold()
