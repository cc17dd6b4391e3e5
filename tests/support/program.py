"""Fixture: the installed `darkroom` program, beside the stack of the test run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from darkroom_local.state import StateDir

DARKROOM = Path(sys.executable).with_name("darkroom")


class Program:
    """Runs the installed program beside the stack of the test run."""

    def __init__(self, state: StateDir, folder: Path) -> None:
        self._env = os.environ | {"DARKROOM_STATE_DIR": str(state.path), "COLUMNS": "200"}
        self.folder = folder

    def __call__(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [DARKROOM, *arguments], env=self._env, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [DARKROOM, *arguments],
            env=self._env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def darkroom(stack_state: StateDir, tmp_path: Path) -> Program:
    return Program(stack_state, tmp_path)
