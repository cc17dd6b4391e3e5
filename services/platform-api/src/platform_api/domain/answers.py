"""Responses to creating requests, as stored for an Idempotency-Key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """The response body of a creating request; `replayed` if it is the stored response of an earlier request."""

    body: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class KeyedAnswer:
    """An Idempotency-Key, the fingerprint of its request, and the response body to store."""

    key: str
    fingerprint: str
    body: str
