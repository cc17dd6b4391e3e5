"""The folder that holds everything a stack keeps, and what says that a stack runs on it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import psutil

from darkroom_local.errors import NoStack, StateInUse

DEFAULT_FOLDER = ".darkroom"


@dataclass(frozen=True)
class RunningStack:
    """What programs need to find and use a stack: the content of stack.json."""

    state_dir: str
    supervisor_pid: int
    platform_url: str
    queue_url: str
    dispatcher_url: str
    worker_urls: list[str]
    pids: dict[str, int]
    profile: str
    user_id: str
    api_key: str
    service_key: str
    admin_key: str
    queue_token: str
    jwt_issuer: str
    jwt_audience: str
    server_alias: str = "Main"

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))


class StateDir:
    """One state folder, private to its user."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()

    @classmethod
    def chosen(cls, option: Path | None) -> Self:
        """Take the option, else DARKROOM_STATE_DIR, else .darkroom in the working directory."""
        return cls(option or Path(os.environ.get("DARKROOM_STATE_DIR") or DEFAULT_FOLDER))

    @property
    def _lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def _stack_file(self) -> Path:
        return self.path / "stack.json"

    @property
    def log_file(self) -> Path:
        """Where a stack in the background writes."""
        return self.path / "stack.log"

    def make(self) -> None:
        """Make the folder, for its user only."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Own the folder for as long as this process lives; StateInUse if another does."""
        self.make()
        with self._lock_file.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = self.supervisor()
                raise StateInUse(self.path, owner.pid if owner else 0) from None
            self._stack_file.unlink(missing_ok=True)
            lock.truncate(0)
            lock.write(f"{os.getpid()} {psutil.Process().create_time()}")
            lock.flush()
            try:
                yield
            finally:
                self._stack_file.unlink(missing_ok=True)
                lock.truncate(0)

    def supervisor(self) -> psutil.Process | None:
        """Return the process that owns the folder, ready or not."""
        try:
            pid, created = self._lock_file.read_text().split()
            process = psutil.Process(int(pid))
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        # Another process may have the id of one that was killed.
        return process if process.create_time() == float(created) else None

    def announce(self, stack: RunningStack) -> None:
        """Say that the stack is ready, or that a process id changed."""
        private = self.path / "stack.json.new"
        private.touch(mode=0o600)
        private.write_text(json.dumps(asdict(stack), indent=2) + "\n")
        private.rename(self._stack_file)

    def running(self) -> RunningStack:
        """Describe the stack that is ready on this folder; NoStack if none is."""
        if self.supervisor() is None or not self._stack_file.exists():
            raise NoStack(self.path)
        return RunningStack.from_json(self._stack_file.read_text())

    def is_ready(self) -> bool:
        """Tell whether a stack is ready on this folder."""
        return self.supervisor() is not None and self._stack_file.exists()
