"""The real pipelines on the tiny models, in the test's own process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from darkroom_schemas.payload import ImagePayload, PromptPayload, VideoPayload
from gpu_worker.models.profile import Profile
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.runtime.child_link import StepLink
from gpu_worker.runtime.messages import FileReady, FromChild, Progressed, RunStep, Setup, StepDone
from gpu_worker.wiring.gpu_process import make_executor
from numpy.typing import NDArray
from PIL import Image

AnyPayload = ImagePayload | VideoPayload | PromptPayload


@pytest.fixture(scope="session")
def tiny() -> Profile:
    return load_profile("tiny").model_copy(update={"preload": ()})


@pytest.fixture(scope="session")
def executor(tiny: Profile, models_dir: Path) -> PipelineExecutor:
    """Run every test on the same resident models, as a worker does.

    One thread: such small tensors gain nothing from more, which only fight over a busy machine's cores.
    """
    torch.set_num_threads(1)
    return make_executor(Setup(profile=tiny, models_dir=models_dir), lambda _: None)


@dataclass
class Drawing:
    """One step on the real pipelines, and all that it said."""

    executor: PipelineExecutor
    payload: AnyPayload
    folder: Path
    stop_when: Callable[[Progressed], bool] = lambda _: False
    progress: list[Progressed] = field(default_factory=list)
    files: dict[int, FileReady] = field(default_factory=dict)

    def run(self) -> StepDone:
        link = StepLink("run", self._hear)
        # Every message counts here, however quickly they follow each other.
        link.min_interval_s = 0.0
        self._link = link
        return self.executor.run(RunStep(run_id="run", payload=self.payload, spool=self.folder), link)

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
                self._link.stop()


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


@pytest.fixture
def draw(executor: PipelineExecutor, tiny: Profile, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Drawing]:
    """Prepare steps at the tiny profile's size, each with a folder of its own."""

    def prepare(payload: AnyPayload, stop_when: Callable[[Progressed], bool] = lambda _: False) -> Drawing:
        return Drawing(executor, tiny.fit(payload), tmp_path_factory.mktemp("spool"), stop_when)

    return prepare


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the model libraries' own warnings pass: they are about their code, which we use as it is."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for category in ("DeprecationWarning", "FutureWarning", "UserWarning"):
                item.add_marker(pytest.mark.filterwarnings(f"ignore::{category}"))
