"""Fixtures: all of Darkroom, started once for the test run on free ports, with tiny models (the gallery: mini ones).

End-to-end tests have two replicas of each service, tests in a browser one.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from darkroom_local.access import access_to
from darkroom_local.background import stack_process
from darkroom_local.servers.blocking import running
from darkroom_local.state import RunningStack, StateDir

OPERATOR_CATALOGUE = Path(__file__).parent / "operator_catalogue.toml"
REPLICAS = "platform-api=2,queue-api=2,webhook-dispatcher=2"
OWN_SERVERS = ("REDIS_URL", "DATABASE_URL", "PLATFORM_DATABASE_URL", "WEBHOOKS_DATABASE_URL")


class SharedStack:
    """A stack that starts when a test needs it, and stops when the next one does not: it slows down the others."""

    def __init__(self, start: Callable[[str, str], AbstractContextManager[StateDir]]) -> None:
        self._start = start
        self._running = ExitStack()
        self._state: StateDir | None = None

    def state(self, replicas: str, profile: str) -> StateDir:
        """Return the state folder of the running stack. If it does not run, it is started as these say."""
        if self._state is None:
            self._state = self._running.enter_context(self._start(replicas, profile))
        return self._state

    def stop(self) -> None:
        """Stop the stack if it runs."""
        self._running.close()
        self._state = None


_SHARED = pytest.StashKey[SharedStack]()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the stack after the last of the tests that need it."""
    shared = item.config.stash.get(_SHARED, None)
    if shared is not None and nextitem is not None and "shared_stack" not in getattr(nextitem, "fixturenames", ()):
        shared.stop()


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[SharedStack]:
    """Give the stack of this process of the test run."""

    @contextmanager
    def start(replicas: str, profile: str) -> Iterator[StateDir]:
        state = StateDir(tmp_path_factory.mktemp("stack"))
        env = {name: value for name, value in os.environ.items() if name not in OWN_SERVERS}
        env["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("notes"))  # the person at this machine finds only their own
        env["DARKROOM_CATALOGUE"] = str(OPERATOR_CATALOGUE)
        env["WEBHOOK_SCHEDULE_S"] = "0,0.5,1,2,4"  # a test of a retry waits for no real schedule
        # Kept between runs, since building the tiny models takes longer than starting everything else.
        env.setdefault("GPU_WORKER_MODELS_DIR", str(Path(pytestconfig.rootpath, ".pytest_cache", "darkroom-models")))
        options = ["--free-ports", "--profile", profile, "--replicas", replicas]
        with running(stack_process(state, options, env), state.log_file):
            yield state

    shared = pytestconfig.stash[_SHARED] = SharedStack(start)
    yield shared
    shared.stop()


@pytest.fixture(scope="module")
def stack_state(shared_stack: SharedStack, request: pytest.FixtureRequest) -> StateDir:
    """Give the state folder of the running stack: ask it again for process ids after something was killed."""
    profile = "mini" if request.path.name == "gallery.py" else "tiny"
    return shared_stack.state("" if request.path.parent.name == "ui" else REPLICAS, profile)


@pytest.fixture
def stack(stack_state: StateDir) -> RunningStack:
    """Give URLs, keys and process ids of the stack as they are now."""
    return stack_state.running()


@pytest.fixture
def access(stack_state: StateDir) -> dict[str, str]:
    """Give what `darkroom env` prints, with a fresh token."""
    return access_to(stack_state)


def replicas_of(stack: RunningStack, service: str) -> list[psutil.Process]:
    """Return the processes of a service, without its load balancer."""
    return [psutil.Process(pid) for name, pid in stack.pids.items() if re.fullmatch(rf"{service}(-\d)?", name)]
