"""The SDK's examples, and the programs that its README prints, run against the stack."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from contract.repository import ROOT
from darkroom_local.state import StateDir

pytestmark = pytest.mark.e2e
CLIENT = ROOT / "libs" / "darkroom-client"
EXAMPLES = sorted((CLIENT / "examples").glob("*.py"))
PRINTED = re.findall(r"^```python\n(.*?)^```", (CLIENT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
SAYS = {
    "account": r"sdxl_image_fast: 1\.5 credits for 6 x image/png\n.*balance: [\d.]+\n.*the key is revoked again\n",
    "errors": r"invalid_job_type \{'jobType': 'must be one of sdxl_image_fast.*\none job\n",
    "first_picture": r"darkroom-output/a-lighthouse-at-dawn-\w+\.png\n",
    "follow_a_job": r".*Job completed\n.*completed\n",
    "many_pictures": r"(darkroom-output/a-lighthouse-at-\w+-\w+\.png\n){3}",
    "receive_webhooks": r"webhook\.test msg_test_.*\n",
}


def run(program: str, state: StateDir, folder: Path) -> str:
    env = os.environ | {"DARKROOM_STATE_DIR": str(state.path)}
    command = [sys.executable, "-W", "error", program]
    ended = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_runs(example: Path, stack_state: StateDir, tmp_path: Path) -> None:
    said = run(str(example), stack_state, tmp_path)
    assert re.fullmatch(SAYS[example.stem], said, re.DOTALL), said


@pytest.mark.parametrize("number", range(len(PRINTED)))
def test_a_program_of_the_readme_runs(number: int, stack_state: StateDir, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PRINTED[number])
    run(str(program), stack_state, tmp_path)


def test_the_readme_prints_programs() -> None:
    assert len(PRINTED) >= 6
