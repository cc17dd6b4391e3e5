"""Where and as whom PostgreSQL runs: it refuses root, so root finds it another footing.

First choice is a user namespace, in which root's own files belong to an unprivileged id. Where the kernel or a
container forbids that, the account "nobody" runs a copy of the binaries, on a data folder that it can reach.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
ACCOUNT = "nobody"
SHARED = Path("/var/tmp")  # noqa: S108 - names under it are made by mkdtemp, and their owner is checked


@dataclass(frozen=True)
class Footing:
    """The binaries and the folder to use, and what turns root into somebody else."""

    binaries: Path
    folder: Path
    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def give(self, path: Path) -> None:
        """Let the account that runs PostgreSQL own a path."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def find_footing(install: Path, folder: Path) -> Footing:
    """Choose how to run the PostgreSQL in `install` on the data in `folder`, which exists."""
    if os.geteuid() != 0:
        return Footing(install / "bin", folder)
    if _namespace_works(install / "bin" / "postgres", folder):
        return Footing(install / "bin", folder, prefix=NAMESPACE)
    return as_account(install, folder)


def as_account(install: Path, folder: Path) -> Footing:
    """Run as an unprivileged account, on copies where it can't reach the originals."""
    account = pwd.getpwnam(ACCOUNT)
    if not _reaches(account, install / "bin" / "postgres"):
        install = _readable_copy(install)
    os.chmod(folder, 0o711)  # noqa: S103 - the account passes through; the data folder itself is 0700
    if not _reaches(account, folder):
        folder = _reachable_folder(folder)
    return Footing(install / "bin", folder, uid=account.pw_uid, gid=account.pw_gid)


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
            # The binaries look for these beside their package.
            shutil.copytree(libraries, building / libraries.name)
        building.chmod(0o755)
        building.rename(copy)
    if copy.stat().st_uid != os.geteuid():
        raise PermissionError(f"{copy} belongs to somebody else; remove it")
    return copy / package.name / install.name


def _reachable_folder(folder: Path) -> Path:
    note = folder / "location"
    if note.exists() and (noted := Path(note.read_text().strip())).is_dir():
        return noted
    elsewhere = Path(tempfile.mkdtemp(prefix="darkroom-postgres-", dir=SHARED))
    elsewhere.chmod(0o711)
    note.write_text(f"{elsewhere}\n")
    return elsewhere
