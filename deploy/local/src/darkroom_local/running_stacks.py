"""A registry of this user's running stacks, so that commands find them from any folder."""

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
    """Return the registry's folder. Each file in it holds the path of one state folder."""
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state", "darkroom", "stacks").expanduser()


@contextmanager
def registered(state: StateDir, console: Console) -> Iterator[None]:
    """Register a stack while it runs. If the home can't be written to, print that and continue."""
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
    """Return the state folders with a running stack, ready or not. Entries of killed stacks are skipped."""
    folder = registry_folder()
    paths = [note.read_text().strip() for note in sorted(folder.iterdir())] if folder.is_dir() else []
    states = [StateDir(Path(path)) for path in dict.fromkeys(paths) if path]
    return [state for state in states if state.supervisor()]


def find_stack(option: Path | None) -> StateDir:
    """Return the state folder of a command about a running stack.

    In order of precedence: the option, DARKROOM_STATE_DIR, .darkroom in the working directory if its stack is running,
    the only running stack, and the folder that `darkroom up` would use. Raises SeveralStacks if several are running.
    """
    chosen = StateDir.chosen(option)
    if option or os.environ.get("DARKROOM_STATE_DIR") or chosen.supervisor():
        return chosen
    found = running_stacks()
    if len(found) > 1:
        raise SeveralStacks([state.path for state in found])
    return found[0] if found else chosen
