"""Spool folders live as long as their attempt, and no longer than their worker by more than a restart."""

import subprocess
import sys
from pathlib import Path

from gpu_worker.store.spool import SpoolFolders


def test_a_folder_is_gone_after_its_attempt(tmp_path: Path) -> None:
    with SpoolFolders(tmp_path / "spool").folder() as folder:
        (folder / "0.png").write_bytes(b"picture")
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_a_killed_worker_left_is_cleared_away_and_nothing_else(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f"darkroom-spool-{dead.pid}-abc").mkdir()
    (tmp_path / "somebody-elses").mkdir()
    spool = SpoolFolders(tmp_path)
    with spool.folder() as ours:
        spool.remove_stale()
        assert {folder.name for folder in tmp_path.iterdir()} == {ours.name, "somebody-elses"}
