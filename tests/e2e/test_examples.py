"""What `/docs` offers to try out works on the running stack: every example that needs no id of what was made before."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from darkroom_local.state import RunningStack

pytestmark = pytest.mark.e2e
ABOUT_SOMETHING_ELSE = {
    "issue_ticket": 404,  # and another job
    "log_in": 401,  # it names another user
    "adjust_credits": 404,
    "archive_assets": 404,
}
"""Operations whose example names what is not there, and their answer."""


def examples(document: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Yield operation, method, path and body of each example whose path needs no id."""
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                for body in schemas.get(name, {}).get("examples", []) if "{" not in path else []:
                    if "backend_ids" not in body:  # the stack has no external back ends
                        yield operation["operationId"], method, path, body


def test_every_example_works(stack: RunningStack, access: dict[str, str]) -> None:
    tried = 0
    for url, credentials in (
        (access["platform_url"], {"Authorization": f"Bearer {access['jwt']}"}),
        (access["queue_url"], {"Authorization": f"Bearer {access['queue_token']}"}),
        (access["dispatcher_url"], {"X-API-Key": access["api_key"]}),
    ):
        with httpx.Client(base_url=url, timeout=30) as http:
            for operation, method, path, body in examples(http.get("/openapi.json").json()):
                operators = {"X-API-Key": access["admin_key"]}
                headers = operators if operation in {"adjust_credits", "add_server"} else credentials
                answer = http.request(method, path, json=body, headers=headers)
                expected = ABOUT_SOMETHING_ELSE.get(operation)
                assert answer.status_code == expected if expected else answer.is_success, (operation, answer.text)
                tried += 1
    assert tried > 8
