"""Which operations count as submissions."""

from contextlib import AbstractAsyncContextManager

from platform_api.app import build_app
from platform_api.http.limits import SUBMISSIONS
from platform_api.wiring import Running


def nothing() -> AbstractAsyncContextManager[Running]:
    raise AssertionError("the document is made without connections")


def test_submissions_are_operations_that_exist() -> None:
    paths = build_app(nothing, max_body_bytes=1).openapi()["paths"].values()
    assert {operation["operationId"] for path in paths for operation in path.values()} >= SUBMISSIONS
