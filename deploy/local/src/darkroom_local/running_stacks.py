"""The running stacks of this user, noted in one place so that commands find them from any folder."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from darkroom_local.console import Console
from darkroom_local.errors import SeveralStacks
from darkroom_local.os_errors import describe_os_error
from darkroom_local.private_files import write_private
from darkroom_local.state import StateDir

NAME_CHARS = 16


def registry_folder() -> Path:
    """Return where stacks are noted: one file each, which holds the path of the state folder."""
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state", "darkroom", "stacks").expanduser()


@contextmanager
def registered(state: StateDir, console: Console) -> Iterator[None]:
    """Note a stack for as long as it runs. A home that can't be written to is said, and stops nothing."""
    try:
        note = _register(state)
    except (OSError, RuntimeError) as error:
        reason = describe_os_error(error) if isinstance(error, OSError) else "this user has no home"
        console.say(f"commands in other folders will not find this stack: {reason}")
        yield
        return
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def _register(state: StateDir) -> Path:
    folder = registry_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in folder.iterdir():
        if not Path(leftover.read_text().strip()).is_dir():
            leftover.unlink()
    note = folder / hashlib.sha256(os.fsencode(state.path)).hexdigest()[:NAME_CHARS]
    write_private(note, f"{state.path}\n")
    return note


def running_stacks() -> list[StateDir]:
    """Return the state folders that a stack runs on, ready or not; notes that a killed stack left are passed over."""
    folder = registry_folder()
    paths = [note.read_text().strip() for note in sorted(folder.iterdir())] if folder.is_dir() else []
    states = [StateDir(Path(path)) for path in dict.fromkeys(paths) if path]
    return [state for state in states if state.supervisor()]


def find_stack(option: Path | None) -> StateDir:
    """Choose the state folder of a command about a running stack.

    The option wins, then DARKROOM_STATE_DIR, then .darkroom in the working directory if a stack runs on it, then the
    only stack that runs; SeveralStacks asks to choose. If none runs, it is the folder that `darkroom up` would use.
    """
    chosen = StateDir.chosen(option)
    if option or os.environ.get("DARKROOM_STATE_DIR") or chosen.supervisor():
        return chosen
    found = running_stacks()
    if len(found) > 1:
        raise SeveralStacks([state.path for state in found])
    return found[0] if found else chosen
