"""Answers to requests that create something, as they are stored for an Idempotency-Key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What a creating request was answered; `replayed` when it had been answered before."""

    body: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class KeyedAnswer:
    """An Idempotency-Key, what was asked with it, and the answer to keep."""

    key: str
    fingerprint: str
    body: str
