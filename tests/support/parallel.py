"""Divides the tests among the processes of a parallel run (`pytest -n 3 --dist loadgroup`).

Any process may run any test, in any order. Tests that share a module's fixture run in one process, as do those of the
whole stack and those of the tiny models, which are made once a run. Each process has its own servers and ports.
"""

import os

import pytest
from darkroom_local.servers import ports

SHARED = {"stack_state": "stack", "models_dir": "models"}
"""Fixtures that take long to make, and the group of the tests that use them."""


def pytest_configure() -> None:
    """Give each process its own range of ports: between the choice of a port and its use, another could take it."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        number, count = int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        ports.RANGE = ports.RANGE[number::count]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that must share a process, before pytest-xdist reads the marks."""
    for item in items:
        if isinstance(item, pytest.Function) and (group := _group(item)):
            item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Function) -> str | None:
    for name in item.fixturenames:
        if name in SHARED:
            return SHARED[name]
    definitions = item._fixtureinfo.name2fixturedefs
    if any(definition.scope == "module" for name in item.fixturenames for definition in definitions.get(name, ())):
        return item.nodeid.partition("::")[0]
    return None
