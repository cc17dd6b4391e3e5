"""Runs a pipeline as a list of stages: times each stage, checks its inputs and outputs, and makes it stoppable."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure
from gpu_worker.runtime.child_link import StepLink
from gpu_worker.runtime.device_errors import memory_shortage
from gpu_worker.runtime.messages import PreviewFile
from gpu_worker.runtime.model_cache import AdmittedModel
from gpu_worker.runtime.stop_hooks import stoppable

State = TypeVar("State")


class StageContractError(Exception):
    """A stage was started without a field that it needs, or ended without one that it gives."""


@dataclass(frozen=True, slots=True)
class StageReport:
    """Reports the progress of a stage as a percentage of the whole step."""

    link: StepLink
    name: str
    done_before: float
    share: float

    def tick(self, done: int, total: int, preview: PreviewFile | None = None) -> None:
        """Report that `done` of `total` parts are done; raises Stopped after a stop request."""
        percent = 100.0 * (self.done_before + self.share * done / max(total, 1))
        self.link.progress(percent, self.name, done, total, preview)


@dataclass(frozen=True, slots=True)
class Stage(Generic[State]):
    """One part of a pipeline. `needs` and `gives` name fields of the state; `share` is its usual share of the time."""

    name: str
    run: Callable[[State, StageReport], None]
    share: float
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()


def run_stages(stages: Sequence[Stage[State]], state: State, link: StepLink) -> dict[str, float]:
    """Run the stages in order and return the seconds that each took; raises an OUT_OF_MEMORY Failure."""
    whole = sum(stage.share for stage in stages)
    done = 0.0
    timings: dict[str, float] = {}
    for stage in stages:
        _require(state, stage.needs, f"stage {stage.name} needs")
        share = stage.share / whole
        report = StageReport(link, stage.name, done, share)
        report.tick(0, 1)
        started = time.perf_counter()
        with stoppable(_parts(state), link.check):
            _run(stage, state, report)
        timings[stage.name] = round(time.perf_counter() - started, 3)
        _require(state, stage.gives, f"stage {stage.name} promised")
        done += share
    return timings


def _parts(state: object) -> Iterable[Any]:
    """Return the parts of the state's model; none before it is loaded, or if the state has none."""
    model = getattr(state, "model", None)
    return model.parts.values() if isinstance(model, AdmittedModel) else ()


def _run(stage: Stage[State], state: State, report: StageReport) -> None:
    try:
        stage.run(state, report)
    except Exception as error:
        shortage = memory_shortage(error)
        if shortage is None:
            raise
        text = f"Memory ran out during: {stage.name} ({shortage})"
        raise Failure(StepErrorCode.OUT_OF_MEMORY, text, retryable=True) from error


def _require(state: object, fields: tuple[str, ...], what: str) -> None:
    missing = [field for field in fields if getattr(state, field) is None]
    if missing:
        raise StageContractError(f"{what} {', '.join(missing)}")
