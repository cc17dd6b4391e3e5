"""The state folder of a stack: its lock, the description of the running stack, and the log."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import psutil
from pydantic import TypeAdapter, ValidationError

from darkroom_local.errors import DamagedFile, NoStack, StackError, StateInUse, StillStarting
from darkroom_local.private_files import write_private

DEFAULT_FOLDER = ".darkroom"


@dataclass(frozen=True)
class RunningStack:
    """The content of stack.json: what programs need to find and use a running stack."""

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
    operator_settings: dict[str, str]
    """Settings of platform-api for its operator's commands; contain secrets."""
    server_alias: str = "Main"
    worker_settings: dict[str, str] = field(default_factory=dict)
    """Settings of a gpu-worker that is added to the stack; contain a password."""
    redis_url: str | None = None
    """The embedded Redis for outside programs: the public channels, and no key."""


_READER = TypeAdapter(RunningStack)
_REMEDY = "It may be of another version of Darkroom: run `darkroom down`, then `darkroom up`."


class StateDir:
    """One state folder, which only its owner can read."""

    def __init__(self, path: Path) -> None:
        try:
            self.path = path.expanduser().resolve()
        except RuntimeError:
            raise StackError(f"{path} is not a folder: there is no such user. Use another --state-dir.") from None
        except FileNotFoundError:
            raise StackError("The working directory does not exist any more. Change to another directory.") from None

    @classmethod
    def chosen(cls, option: Path | None) -> Self:
        """Return the option's folder, else that of DARKROOM_STATE_DIR, else .darkroom in the working directory."""
        return cls(option or Path(os.environ.get("DARKROOM_STATE_DIR") or DEFAULT_FOLDER))

    @property
    def _lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def _stack_file(self) -> Path:
        return self.path / "stack.json"

    @property
    def log_file(self) -> Path:
        """The output of the running stack, or of the last one."""
        return self.path / "stack.log"

    def make(self) -> None:
        """Create the folder with mode 0700."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder's lock, which also ends with this process; raises StateInUse if another process holds it."""
        self.make()
        with os.fdopen(os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = self.supervisor()
                raise StateInUse(self.path, owner.pid if owner else None) from None
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
        """Return the supervisor of the folder's stack, ready or not; None if none is running."""
        try:
            pid, created = self._lock_file.read_text().split()
            process = psutil.Process(int(pid))
        except (FileNotFoundError, ValueError, OverflowError, psutil.NoSuchProcess):
            return None
        # The id of a killed process may have been reused.
        return process if process.create_time() == float(created) else None

    def announce(self, stack: RunningStack) -> None:
        """Write stack.json: the stack is ready, or a process id changed."""
        write_private(self._stack_file, json.dumps(asdict(stack), indent=2) + "\n")

    def running(self) -> RunningStack:
        """Return the ready stack of this folder; raises NoStack, StillStarting or DamagedFile."""
        supervisor = self.supervisor()
        if supervisor is None:
            raise NoStack(self.path)
        try:
            return _READER.validate_json(self._stack_file.read_bytes())
        except FileNotFoundError:
            raise StillStarting(self.path, supervisor.pid) from None
        except ValidationError as error:
            raise DamagedFile(self._stack_file, error, _REMEDY) from None

    def is_ready(self) -> bool:
        """Return whether the stack of this folder is ready."""
        return self.supervisor() is not None and self._stack_file.exists()
