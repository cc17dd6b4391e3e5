"""Divides the tests among the processes of a parallel run (`pytest -n 3`).

A process takes a file of tests at a time, in the order of collection, so that what takes longest begins first. Tests of
the folders that share something costly stay in one process, which makes it once. Each process has its own servers,
folders and ports.
"""

import os

import pytest
from darkroom_local.servers import ports
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/e2e/", "services/gpu-worker/tests/integration/")
"""The first shares a running stack, the second the tiny models."""


class _ByFile(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist has no types
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def pytest_configure() -> None:
    """Give each process its own range of ports: between the choice of a port and its use, another could take it."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        number, count = int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        ports.RANGE = ports.RANGE[number::count]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Divide by file in every parallel run.

    pytest-xdist's own groups (`--dist loadgroup`) have no effect with pytest 9.2, which ignores their change of ids.
    """
    config.option.loadscopereorder = False
    return _ByFile(config, log)
