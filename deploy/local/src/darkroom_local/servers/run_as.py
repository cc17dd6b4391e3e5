"""Chooses the user and the folders that PostgreSQL runs with. PostgreSQL refuses to run as root.

A root user runs it in a user namespace that maps root to an unprivileged id. Where the kernel or a container forbids
namespaces, the account "nobody" runs a copy of the binaries, on a data folder that it can reach.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from darkroom_local.errors import ProcessFailed

NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
ACCOUNT = "nobody"
SHARED = Path("/var/tmp")  # noqa: S108 - names under it are made by mkdtemp, and their owner is checked


@dataclass(frozen=True)
class RunAs:
    """The binaries and the folder to use, and the command prefix or the ids of the unprivileged user."""

    binaries: Path
    folder: Path
    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def chown(self, path: Path) -> None:
        """Give a path to the user that runs PostgreSQL."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def choose_run_as(install: Path, folder: Path) -> RunAs:
    """Choose how to run the PostgreSQL in `install` on data in `folder`, which must exist; raises ProcessFailed."""
    if os.geteuid() != 0:
        return RunAs(install / "bin", folder)
    if _namespace_works(install / "bin" / "postgres", folder):
        return RunAs(install / "bin", folder, prefix=NAMESPACE)
    return as_account(install, folder)


def as_account(install: Path, folder: Path) -> RunAs:
    """Run as the account "nobody", on copies of binaries and a data folder that it can reach."""
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise ProcessFailed(
            f"PostgreSQL can't run as root, and this machine has neither user namespaces nor an account {ACCOUNT}. "
            "Start the stack as another user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from None
    if not _reaches(account, install / "bin" / "postgres"):
        install = _readable_copy(install)
    os.chmod(folder, 0o711)  # noqa: S103 - the account must pass through; the data folder in it is 0700
    if not _reaches(account, folder):
        folder.chmod(0o700)
        folder = _reachable_folder(folder)
    return RunAs(install / "bin", folder, uid=account.pw_uid, gid=account.pw_gid)


def _namespace_works(postgres: Path, folder: Path) -> bool:
    try:
        test = 'test -x "$0" && test -w "$1"'
        probe = subprocess.run([*NAMESPACE, "sh", "-c", test, str(postgres), str(folder)], capture_output=True)
    except FileNotFoundError:
        return False
    return probe.returncode == 0


def _reaches(account: pwd.struct_passwd, path: Path) -> bool:
    probe = subprocess.run(
        ["test", "-x", str(path)], user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/"
    )
    return probe.returncode == 0


def _readable_copy(install: Path) -> Path:
    package = install.parent
    libraries = package.with_name(f"{package.name}.libs")
    size_bytes = (install / "bin" / "postgres").stat().st_size
    copy = SHARED / f"darkroom-{package.name}-{size_bytes}"
    if not copy.exists():
        building = Path(tempfile.mkdtemp(prefix="darkroom-", dir=SHARED))
        shutil.copytree(install, building / package.name / install.name, symlinks=True)
        if libraries.is_dir():
            # The binaries load these from beside their package.
            shutil.copytree(libraries, building / libraries.name)
        for path in (building, *building.rglob("*")):
            _open_to_all(path)
        building.rename(copy)
    if copy.stat().st_uid != os.geteuid():
        raise ProcessFailed(f"{copy} belongs to another user. Remove it.")
    return copy / package.name / install.name


def _open_to_all(path: Path) -> None:
    """Let everybody read a path, and execute it if the owner can. The originals may be private to root."""
    if not path.is_symlink():
        mode = path.stat().st_mode
        path.chmod(mode | 0o044 | (0o011 if mode & 0o100 else 0))


def _reachable_folder(folder: Path) -> Path:
    note = folder / "location"
    if note.exists() and (noted := Path(note.read_text().strip())).is_dir():
        return noted
    elsewhere = Path(tempfile.mkdtemp(prefix="darkroom-postgres-", dir=SHARED))
    elsewhere.chmod(0o711)
    note.write_text(f"{elsewhere}\n")
    return elsewhere
