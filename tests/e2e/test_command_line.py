"""The `darkroom` program through the running stack."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from darkroom_client.models import Job
from darkroom_local.demo.inspection import inspect
from darkroom_local.state import StateDir
from darkroom_schemas.catalogue import CATALOGUE, OURVIDZ_TYPES

pytestmark = pytest.mark.e2e
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


@pytest.mark.parametrize("job_type", OURVIDZ_TYPES)
def test_every_job_type_ends_in_files_that_are_as_ordered(darkroom: Program, job_type: str) -> None:
    ended = darkroom("generate", "a lighthouse at dawn", "--type", job_type, "--json")
    assert ended.returncode == 0, ended.stderr
    printed = json.loads(ended.stdout)
    files = [Path(darkroom.folder, file) for file in printed.pop("files")]
    inspect(Job.model_validate(printed), CATALOGUE[job_type], files)


def test_the_demo_shows_pictures_a_video_and_an_enhanced_prompt(darkroom: Program, tmp_path: Path) -> None:
    ended = darkroom("demo")
    assert ended.returncode == 0, ended.stderr
    made = [file.suffix for file in (tmp_path / "darkroom-output").iterdir()]
    assert (made.count(".png"), made.count(".mp4")) == (7, 1)
    assert "prompt enhanced to:" in ended.stdout
    assert "noise on purpose" in ended.stdout
    assert "denoise" in ended.stdout


def read_until_started(output: IO[str]) -> None:
    assert any("started" in line for line in output)


def test_ctrl_c_ends_the_program_with_130_and_not_the_job(darkroom: Program) -> None:
    with darkroom.start("generate", "waves", "--type", "video_high") as program:
        assert program.stdout is not None
        job_id = program.stdout.readline().split()[1]
        read_until_started(program.stdout)
        program.send_signal(signal.SIGINT)
        assert f"darkroom watch {job_id}" in program.stdout.read()
        assert program.wait() == 130
    assert darkroom("watch", job_id).returncode == 0


def test_a_cancelled_job_ends_its_watchers_with_1(darkroom: Program) -> None:
    with darkroom.start("generate", "waves", "--type", "video_high") as program:
        assert program.stdout is not None
        job_id = program.stdout.readline().split()[1]
        read_until_started(program.stdout)
        assert darkroom("cancel", job_id).returncode == 0
        assert "The job failed" in program.stdout.read()
        assert program.wait() == 1


def test_a_prompt_that_is_too_long_ends_with_2_and_names_the_field(darkroom: Program) -> None:
    ended = darkroom("generate", "x" * 3000)
    assert ended.returncode == 2
    assert "metadata.prompt" in ended.stderr


def test_a_wrong_token_ends_with_4(darkroom: Program) -> None:
    assert darkroom("jobs", "--token", "dk_user_wrong").returncode == 4
