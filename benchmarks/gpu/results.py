"""Figures and results of checks, and the runner that lets none of them disturb the rest."""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Status(StrEnum):
    """How a check or a figure came out."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `wanted` says what it is compared with, and `status` the outcome; `note` a reason."""

    name: str
    value: float | str | None = None
    unit: str = ""
    wanted: str = ""
    status: Status = Status.OK
    note: str = ""


def compared(name: str, value: float | str, unit: str, wanted: str, *, met: bool) -> Figure:
    """Return a figure with its verdict."""
    return Figure(name, value, unit, wanted, Status.OK if met else Status.FAILED)


def skipped(name: str, reason: str) -> Figure:
    """Return a figure that could not be taken here."""
    return Figure(name, status=Status.SKIPPED, note=reason)


Check = Callable[[], AsyncIterator[Figure]]
"""Yields its figures one by one, so that those before a failure are kept."""


@dataclass(slots=True)
class Result:
    """A check that has ended."""

    name: str
    seconds: float = 0.0
    figures: list[Figure] = field(default_factory=list)
    error: str = ""

    @property
    def status(self) -> Status:
        """Return FAILED if anything failed, SKIPPED if nothing was measured."""
        outcomes = {figure.status for figure in self.figures}
        if self.error or Status.FAILED in outcomes:
            return Status.FAILED
        return Status.OK if Status.OK in outcomes else Status.SKIPPED

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return asdict(self) | {"status": self.status.value}


async def run_check(name: str, check: Check, limit_s: float) -> Result:
    """Run a check to its end, its failure or its time limit; never raises what the check raises."""
    result = Result(name)
    started = time.perf_counter()

    async def collect() -> None:
        async for figure in check():
            result.figures.append(figure)

    task = asyncio.create_task(collect())
    done, _ = await asyncio.wait({task}, timeout=limit_s)
    if not done:
        task.cancel()
        await asyncio.wait({task})
        result.error = f"it took longer than {limit_s:.0f} s"
    elif (error := task.exception()) is not None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        result.error = f"{type(error).__name__}: {str(error)[:1000]} ({where})"
    result.seconds = round(time.perf_counter() - started, 1)
    return result


def summary(results: Sequence[Result]) -> dict[str, int]:
    """Count the results by status."""
    return {status.value: sum(result.status is status for result in results) for status in Status}
