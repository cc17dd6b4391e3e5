"""Every route that asks for a credential has a scope, so that no key opens it by accident or never."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from darkroom_schemas.api_key import Scope, grants
from platform_api.app import build_app
from platform_api.http.scopes import needed_scope
from platform_api.wiring import Running

ANONYMOUS = {"catalogue", "operations"}


def nothing() -> AbstractAsyncContextManager[Running]:
    raise AssertionError("the document is made without connections")


def operations() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for path in build_app(nothing, max_body_bytes=1).openapi()["paths"].values():
        for method, operation in path.items():
            if not ANONYMOUS.intersection(operation["tags"]):
                yield method.upper(), operation["operationId"], tuple(operation["tags"])


@pytest.mark.parametrize(("method", "operation_id", "tags"), list(operations()))
def test_operation_has_a_scope(method: str, operation_id: str, tags: tuple[str, ...]) -> None:
    assert needed_scope(operation_id, tags, method) is not None, "name its tag or its id in routes/scopes.py"


def test_the_scope_for_everything_includes_all_others() -> None:
    assert all(grants([Scope.EVERYTHING], scope) for scope in Scope)
    assert not grants([Scope.JOBS_READ], Scope.JOBS_WRITE)
    assert not grants([], Scope.JOBS_READ)
