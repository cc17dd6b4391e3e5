"""Describes errors of the operating system in one line: the path, the reason, and what to do."""

import errno
import os
import pwd
import shutil
from pathlib import Path

NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
NO_RIGHT = {errno.EACCES, errno.EPERM}
NO_FOLDER = {errno.ENOTDIR, errno.EEXIST}
NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}


def describe_os_error(error: OSError, state: Path | None = None) -> str:
    """Describe an error. An error without a path is taken to be about `state`, the state folder in use."""
    named = isinstance(error.filename, str | bytes)
    place = Path(os.fsdecode(error.filename)) if named else state or Path.cwd()
    elsewhere = "use another folder" + " with --state-dir" * _concerns(place, state)
    reason = error.strerror or str(error)
    if error.errno in NO_SPACE or (isinstance(error, shutil.Error) and os.strerror(errno.ENOSPC) in str(error)):
        return f"No space is left on the disk of {place}. Free some, or {elsewhere}."
    if error.errno == errno.EROFS:
        return f"{place} is on a read-only file system. Mount it writable, or {elsewhere}."
    if error.errno in NO_RIGHT:
        return f"{place} is not open to {_user()}{_owner(place)}. Change its owner or permissions, or {elsewhere}."
    if error.errno in NO_FOLDER:
        return f"{_file_on(place)} is a file where a folder is needed. Move it away, or {elsewhere}."
    if error.errno == errno.EISDIR:
        return f"{place} is a folder where a file is needed. Move it away, or {elsewhere}."
    if error.errno in NO_ROOM:
        return (
            f"The system's limit of memory, processes or files is reached ({reason}). Stop programs or raise `ulimit`."
        )
    return f"{place}: {reason}." if named else f"The operating system reports: {reason}."


def _concerns(place: Path, state: Path | None) -> bool:
    return state is not None and (place.is_relative_to(state) or state.is_relative_to(place))


def _user() -> str:
    try:
        return f"the user {pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"the user {os.geteuid()}"


def _owner(place: Path) -> str:
    """Name the owner if it is another user and can be determined."""
    try:
        owner = place.owner()
    except (OSError, KeyError):
        return ""
    return "" if f"the user {owner}" == _user() else f" (it belongs to {owner})"


def _file_on(place: Path) -> Path:
    """Return the first part of the path that is a file."""
    return next((part for part in (*reversed(place.parents), place) if part.is_file()), place)
