"""The real pipelines on the tiny models, in the test's own process."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from darkroom_schemas.payload import AnyPayload
from gpu_worker.models.profile import Profile
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.runtime.messages import Progressed, Setup
from gpu_worker.wiring.gpu_process import make_executor
from support.drawing import Draw, Drawing


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


@pytest.fixture
def draw(executor: PipelineExecutor, tiny: Profile, tmp_path_factory: pytest.TempPathFactory) -> Draw:
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
