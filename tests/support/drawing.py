"""A step on the real pipelines, run in the test's own process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from darkroom_schemas.payload import AnyPayload
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.runtime.child_link import StepLink
from gpu_worker.runtime.messages import FileReady, FromChild, Progressed, RunStep, StepDone
from numpy.typing import NDArray
from PIL import Image


@dataclass
class Drawing:
    """One step on the real pipelines, and all that it said."""

    executor: PipelineExecutor
    payload: AnyPayload
    folder: Path
    stop_when: Callable[[Progressed], bool] = lambda _: False
    progress: list[Progressed] = field(default_factory=list)
    files: dict[int, FileReady] = field(default_factory=dict)
    loras: tuple[LoraUse, ...] = ()
    inputs: dict[str, Path] = field(default_factory=dict)

    def run(self) -> StepDone:
        link = StepLink("run", self._hear)
        # Every message counts here, however quickly they follow each other.
        link.min_interval_s = 0.0
        self._link = link
        step = RunStep(run_id="run", payload=self.payload, spool=self.folder, loras=self.loras, inputs=self.inputs)
        return self.executor.run(step, link)

    def stop(self) -> None:
        """Ask the running step to stop."""
        self._link.stop()

    def image(self, index: int = 0) -> Image.Image:
        """Open an output; its file is read to the end and closed."""
        return _opened(self.files[index].path)

    def thumbnail(self, index: int = 0) -> Image.Image:
        return _opened(self.files[index].thumbnail)

    def pixels(self, index: int = 0) -> NDArray[np.uint8]:
        return np.asarray(self.image(index))

    def _hear(self, message: FromChild) -> None:
        if isinstance(message, FileReady):
            self.files[message.index] = message
        if isinstance(message, Progressed):
            self.progress.append(message)
            if self.stop_when(message):
                self.stop()


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


class Draw(Protocol):
    """Prepares steps at the tiny profile's size, each with a folder of its own."""

    def __call__(self, payload: AnyPayload, stop_when: Callable[[Progressed], bool] = ...) -> Drawing: ...
