"""Requests drawn from an OpenAPI document and a seed, and what is wrong with the answers."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
)
from schemathesis.core.failures import Failure, FailureGroup

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
COMMON = frozenset({400, 401, 403, 413, 415, 429})
"""Statuses that `default` stands for: a request that is refused whatever it asks for. All others are documented."""
ENDLESS = frozenset({"/api/events", "/api/jobs/{job_id}/stream"})
TIMEOUT_S = 20


@dataclass(frozen=True)
class Identity:
    """Who asks: with which header fields, and what must never be in an answer unless it was in the question."""

    name: str
    headers: Mapping[str, str]
    forbidden: Sequence[str]


def _cases(operation: Any) -> st.SearchStrategy[Any]:
    """Requests as documented and, where anything can be wrong with one, some that are not."""
    right: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not list(operation.body):
        return right
    wrong: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    return right | wrong


@dataclass
class OpenApiRun:
    """`run(identities)` gives a sentence for each operation and fault."""

    document: Mapping[str, Any]
    url: str
    known: Mapping[str, Sequence[str]]
    """Values of path parameters that exist, of any owner."""
    seed: int
    examples: int
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)

    def run(self, identities: Sequence[Identity]) -> list[str]:
        schema = schemathesis.openapi.from_dict(dict(self.document))
        with requests.Session() as self._session:
            for found in schema.get_all_operations():
                operation: Any = found.ok()  # type: ignore[union-attr]  # an operation that is not valid raises here
                if operation.path not in ENDLESS:
                    self._try(operation, identities)
        return [f"{operation}: {fault}" for (operation, _), fault in self.faults.items()]

    def _try(self, operation: Any, identities: Sequence[Identity]) -> None:  # Any: generic in what is not exported
        @seed(self.seed)
        @settings(
            max_examples=self.examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(_cases(operation), st.sampled_from(identities), st.data())
        def ask(case: Any, identity: Identity, data: st.DataObject) -> None:
            for name in case.path_parameters or {}:
                if name in self.known and data.draw(st.integers(0, 3)):
                    case.path_parameters[name] = data.draw(st.sampled_from(self.known[name]))
            self._ask(case, identity)

        ask()

    def _ask(self, case: Any, identity: Identity) -> None:
        answer = case.call(
            base_url=self.url, session=self._session, headers=dict(identity.headers), timeout=TIMEOUT_S,
            allow_redirects=False,
        )  # fmt: skip
        self.answers[answer.status_code] += 1
        label = f"{case.operation.label} as {identity.name}"
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            self._note(label, (failure for failure in group.exceptions if isinstance(failure, Failure)), case)
        documented = case.operation.definition.raw["responses"]
        if str(answer.status_code) not in documented and answer.status_code not in COMMON:
            self.faults.setdefault((label, "status"), f"{answer.status_code} is not documented: {answer.text[:200]}")
        question = json.dumps([case.path_parameters, case.query, case.headers, repr(case.body)], default=str)
        for secret in identity.forbidden:
            if secret in answer.text and secret not in question:
                self.faults.setdefault((label, "leak"), f"{answer.status_code} contains somebody else's {secret}")

    def _note(self, label: str, failures: Iterable[Failure], case: Any) -> None:
        for failure in failures:
            command = case.as_curl_command()[:400]
            self.faults.setdefault((label, failure.title), f"{failure.title}: {failure.message[:400]} ({command})")
