"""Folders in which outputs wait for their upload. Folders of processes that were killed are removed at the start."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = re.compile(r"darkroom-spool-(\d+)-")


class SpoolFolders:
    """Creates a folder for each attempt; its name carries the id of this process."""

    def __init__(self, home: Path | None) -> None:
        self._home = Path(tempfile.gettempdir()) if home is None else home

    def remove_stale(self) -> None:
        """Remove the folders of processes that no longer exist."""
        if not self._home.is_dir():
            return
        for folder in self._home.iterdir():
            match = _NAME.match(folder.name)
            if match and not _is_alive(int(match[1])):
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Create a folder, and remove it with its content afterwards."""
        self._home.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"darkroom-spool-{os.getpid()}-", dir=self._home))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
