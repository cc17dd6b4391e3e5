"""Set-up commands: what they print, and why they failed."""

import os
from pathlib import Path

import pytest
from darkroom_local.errors import ProcessFailed
from darkroom_local.one_shot import run_module


async def test_of_a_traceback_only_the_error_is_reported(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def open_it():\n    open('missing')\n\n\nopen_it()\n")
    with pytest.raises(ProcessFailed) as failed:
        await run_module("broken", env=os.environ, cwd=tmp_path)
    sentence = (
        "`python -m broken` ended with exit code 1: FileNotFoundError: [Errno 2] No such file or directory: 'missing'"
    )
    assert str(failed.value) == sentence


async def test_other_last_words_are_passed_on_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "refusing.py").write_text("raise SystemExit('Settings are not usable:\\n  JWT_SECRET: too short')\n")
    with pytest.raises(ProcessFailed) as failed:
        await run_module("refusing", env=os.environ, cwd=tmp_path)
    assert str(failed.value).endswith("exit code 1: Settings are not usable:\n  JWT_SECRET: too short")
