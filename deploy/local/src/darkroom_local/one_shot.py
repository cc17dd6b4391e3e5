"""Runs a set-up command, such as a migration, until it ends."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from darkroom_local.child import outcome
from darkroom_local.errors import ProcessFailed

ERROR_LINES = 15
TRACEBACK = "Traceback (most recent call last):"


async def run_module(module: str, *arguments: str, env: Mapping[str, str], cwd: Path) -> str:
    """Run `python -m module arguments` and return its standard output.

    Raises ProcessFailed with the last lines of output if it fails. Kills the process if the caller is cancelled.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        env=dict(env),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        command = " ".join([module, *arguments])
        said = _reason((output + errors).decode(errors="replace"))
        raise ProcessFailed(f"`python -m {command}` {outcome(process.returncode or 0)}: {said}")
    return output.decode()


def _reason(text: str) -> str:
    """Return the last lines of output; of a traceback, only the line with the error."""
    _before, found, trace = text.rpartition(TRACEBACK)
    if not found:
        return "\n".join(text.splitlines()[-ERROR_LINES:])
    return next((line for line in trace.splitlines() if line and not line.startswith(" ")), trace.strip())
