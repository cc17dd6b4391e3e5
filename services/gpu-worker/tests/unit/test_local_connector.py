"""What the GPU process draws is uploaded while it draws on, and the attempt ends as the process says."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import AnyPayload, ImagePayload
from darkroom_schemas.recipe import Recipe
from gpu_worker.connectors.attempt import Storage
from gpu_worker.connectors.local import LocalConnector, Loras
from gpu_worker.domain.failures import ConnectorNotReady, Failure, Stopped
from gpu_worker.domain.model_states import ModelPhase, ModelState, ModelStates, all_ready
from gpu_worker.domain.ports import StoredObject
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.runtime.messages import (
    FileReady,
    Progressed,
    RunStep,
    StepDone,
    StepFailure,
    StepHalted,
    StepOutcome,
)
from gpu_worker.store.spool import SpoolFolders
from support.fake_run import MakeRun


class FakeChild:
    """Draws as many files as configured, last first, and ends as configured."""

    def __init__(self, recipe: Recipe, files: int = 0, end: StepOutcome | None = None) -> None:
        self.is_available = True
        self.recipe = recipe
        self.files = files
        self.end = end
        self.asked: RunStep | None = None

    async def run(
        self,
        step: RunStep,
        *,
        stop: asyncio.Event,
        on_progress: Callable[[Progressed], None],
        on_file: Callable[[FileReady], None],
    ) -> StepOutcome:
        self.asked = step
        on_progress(Progressed(run_id=step.run_id, percent=50.0, message="denoise"))
        for index in reversed(range(self.files)):
            on_file(self._file(step, index))
        await asyncio.sleep(0)  # uploads go on meanwhile
        return self.end or StepDone(run_id=step.run_id, timings_s={"denoise": 1.0})

    def _file(self, step: RunStep, index: int) -> FileReady:
        path, thumbnail = step.spool / f"{index}.png", step.spool / f"{index}.thumbnail.webp"
        path.write_bytes(b"picture")
        thumbnail.write_bytes(b"small")
        return FileReady(
            run_id=step.run_id,
            index=index,
            path=path,
            thumbnail=thumbnail,
            mime_type="image/png",
            width=128,
            height=128,
            recipe=self.recipe,
        )


class FakeStore:
    """Keeps what it was given; refuses everything if configured to."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.objects: dict[str, str] = {}
        self.refuses = refuses

    async def get(self, key: str, path: Path, max_bytes: int) -> StoredObject:
        raise LookupError("is not stored any more")

    async def put(self, key: str, path: Path, mime_type: str) -> StoredObject:
        if self.refuses:
            raise Failure(StepErrorCode.STORAGE, "full", retryable=True)
        self.objects[key] = mime_type
        return StoredObject(size_bytes=path.stat().st_size, sha256="00")

    async def delete(self, key: str) -> None:
        self.objects.pop(key, None)


class Discarded(list[str]):
    """Takes note of the keys that are to be deleted."""

    def discard(self, keys: Iterable[str]) -> None:
        self.extend(keys)


class Outcomes(list[str]):
    """Takes note of how steps ended."""

    def succeeded(self) -> None:
        self.append("succeeded")

    def failed(self, reason: str) -> None:
        self.append(reason)


def make_connector(
    child: FakeChild,
    store: FakeStore,
    spool: Path,
    discarded: Discarded | None = None,
    outcomes: Outcomes | None = None,
    loras: Loras | None = None,
    states: ModelStates | None = None,
) -> LocalConnector:
    deletions, noted = Discarded() if discarded is None else discarded, Outcomes() if outcomes is None else outcomes
    profile = load_profile("tiny")
    known = all_ready(profile.models) if states is None else states
    return LocalConnector(child, profile, Storage(store, SpoolFolders(spool).folder, deletions), noted, known, loras)


@pytest.fixture
def order(image_payload: ImagePayload) -> dict[str, Any]:
    return image_payload.model_dump(mode="json")


async def test_outputs_come_in_order_with_their_places_in_the_store(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    store, run = FakeStore(), make_run("sdxl_image_fast", order, attempt=2)
    result = await make_connector(FakeChild(recipe, files=2), store, tmp_path).run(run)
    assert [(output.index, output.key) for output in result.outputs] == [
        (0, "job/1/00/2-worker.2.0/0.png"),
        (1, "job/1/00/2-worker.2.0/1.png"),
    ]
    assert store.objects["job/1/00/2-worker.2.0/1.thumbnail.webp"] == "image/webp"
    assert set(result.timings_s) == {"denoise", "upload"}
    assert run.reported == [50.0, 100.0]
    assert list(tmp_path.iterdir()) == []


async def test_the_child_is_asked_for_what_the_profile_makes_of_the_order(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    child = FakeChild(recipe)
    await make_connector(child, FakeStore(), tmp_path).run(make_run("sdxl_image_fast", order))
    assert child.asked is not None
    assert isinstance(child.asked.payload, ImagePayload)
    assert (child.asked.payload.width, child.asked.payload.steps) == (128, 4)


async def test_the_result_has_the_text_and_the_notes_of_the_child(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    end = StepDone(run_id="r", text="a boat", enhanced=False, notes=("The model refused.",))
    result = await make_connector(FakeChild(recipe, end=end), FakeStore(), tmp_path).run(
        make_run("sdxl_image_fast", order)
    )
    assert (result.text, result.enhanced, result.notes) == ("a boat", False, ("The model refused.",))


async def test_a_refusal_of_the_child_is_the_attempts_failure(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    end = StepFailure(run_id="r", code=StepErrorCode.OUT_OF_MEMORY, message="too large", retryable=False)
    with pytest.raises(Failure, match="too large") as caught:
        await make_connector(FakeChild(recipe, end=end), FakeStore(), tmp_path).run(make_run("sdxl_image_fast", order))
    assert caught.value.code is StepErrorCode.OUT_OF_MEMORY


async def test_a_halted_step_leaves_nothing_in_the_spool(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    child = FakeChild(recipe, files=3, end=StepHalted(run_id="r"))
    with pytest.raises(Stopped):
        await make_connector(child, FakeStore(), tmp_path).run(make_run("sdxl_image_fast", order))
    assert list(tmp_path.iterdir()) == []


async def test_a_store_that_refuses_an_output_fails_the_attempt(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    connector = make_connector(FakeChild(recipe, files=2), FakeStore(refuses=True), tmp_path)
    with pytest.raises(Failure, match="full") as caught:
        await connector.run(make_run("sdxl_image_fast", order))
    assert caught.value.retryable


@pytest.mark.parametrize("fails", [True, False])
async def test_an_attempt_without_a_result_discards_what_it_stored_and_any_other_keeps_it(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path, *, fails: bool
) -> None:
    end = StepFailure(run_id="r", code=StepErrorCode.WORKER_CRASHED, message="gone", retryable=True) if fails else None
    store, discarded = FakeStore(), Discarded()
    connector = make_connector(FakeChild(recipe, files=2, end=end), store, tmp_path, discarded)
    with suppress(Failure):
        await connector.run(make_run("sdxl_image_fast", order))
    assert len(store.objects) == 4
    assert sorted(discarded) == (sorted(store.objects) if fails else [])


@pytest.mark.parametrize(
    ("code", "noted"),
    [
        (None, ["succeeded"]),
        (StepErrorCode.INTERNAL, ["gone"]),
        (StepErrorCode.DEVICE_ERROR, ["gone"]),
        (StepErrorCode.INVALID_PAYLOAD, []),
        (StepErrorCode.OUT_OF_MEMORY, []),
    ],
)
async def test_only_failures_that_nobody_foresaw_count_against_the_device(
    make_run: MakeRun,
    order: dict[str, Any],
    recipe: Recipe,
    tmp_path: Path,
    code: StepErrorCode | None,
    noted: list[str],
) -> None:
    end = None if code is None else StepFailure(run_id="r", code=code, message="gone", retryable=True)
    outcomes = Outcomes()
    connector = make_connector(FakeChild(recipe, end=end), FakeStore(), tmp_path, outcomes=outcomes)
    with suppress(Failure):
        await connector.run(make_run("sdxl_image_fast", order))
    assert outcomes == noted


@pytest.mark.parametrize(("attempt", "retryable"), [(1, True), (2, False)])
async def test_numbers_that_overflow_are_tried_once_more(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path, attempt: int, *, retryable: bool
) -> None:
    end = StepFailure(run_id="r", code=StepErrorCode.NOT_FINITE, message="NaN", retryable=True)
    connector = make_connector(FakeChild(recipe, end=end), FakeStore(), tmp_path)
    with pytest.raises(Failure, match="NaN") as caught:
        await connector.run(make_run("sdxl_image_fast", order, attempt=attempt))
    assert caught.value.retryable is retryable


async def test_the_connector_is_not_ready_without_its_process(recipe: Recipe, tmp_path: Path) -> None:
    child = FakeChild(recipe)
    connector = make_connector(child, FakeStore(), tmp_path)
    await connector.check()
    child.is_available = False
    with pytest.raises(ConnectorNotReady):
        await connector.check()


def test_the_connector_offers_every_type_of_its_models(recipe: Recipe, tmp_path: Path) -> None:
    offered = make_connector(FakeChild(recipe), FakeStore(), tmp_path).types
    assert len(offered) == 12
    profile = load_profile("tiny", only=("sdxl-base-1.0",))
    spool, states = SpoolFolders(tmp_path).folder, ModelStates(profile.models)
    only_sdxl = LocalConnector(FakeChild(recipe), profile, Storage(FakeStore(), spool, Discarded()), Outcomes(), states)
    assert only_sdxl.types == ("sdxl_image_fast", "sdxl_image_high")


class FakeLoras:
    """Has the LoRAs that it was given."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.found: tuple[LoraUse, ...] = ()

    def choose(self, payload: AnyPayload) -> tuple[LoraUse, ...]:
        assert isinstance(payload, ImagePayload)
        return self.found


def test_the_connector_offers_the_loras_that_are_here_now(recipe: Recipe, tmp_path: Path) -> None:
    loras = FakeLoras("ink")
    connector = make_connector(FakeChild(recipe), FakeStore(), tmp_path, loras=loras)
    assert list(connector.models) == [*load_profile("tiny").models, "lora:ink"]
    loras.names = ("ink", "oil")
    assert list(connector.models[-2:]) == ["lora:ink", "lora:oil"]
    profile = load_profile("tiny", only=("wan2.1-t2v-1.3b",))
    spool = SpoolFolders(tmp_path).folder
    only_wan = LocalConnector(
        FakeChild(recipe),
        profile,
        Storage(FakeStore(), spool, Discarded()),
        Outcomes(),
        all_ready(profile.models),
        loras,
    )
    assert list(only_wan.models) == ["wan2.1-t2v-1.3b"]


async def test_a_step_of_a_model_that_is_not_ready_fails_and_may_be_retried(
    recipe: Recipe, order: dict[str, Any], make_run: MakeRun, tmp_path: Path
) -> None:
    states = ModelStates(load_profile("tiny").models)
    waiting = make_connector(FakeChild(recipe), FakeStore(), tmp_path, states=states)
    with pytest.raises(ConnectorNotReady, match=r"no model is ready: sdxl-base-1.0: waiting"):
        await waiting.check()
    for other in ("wan2.1-t2v-1.3b", "qwen2.5-7b-instruct", "z-image-turbo"):
        states.set(other, ModelState(ModelPhase.UNAVAILABLE, "gone"))
    states.set("sdxl-base-1.0", ModelState(ModelPhase.UNAVAILABLE, "own.safetensors is a LoRA"))
    connector = make_connector(FakeChild(recipe), FakeStore(), tmp_path, states=states)
    with pytest.raises(ConnectorNotReady, match=r"no model is ready: sdxl-base-1.0: unavailable: own.safetensors is a"):
        await connector.check()
    with pytest.raises(Failure, match=r"not ready: unavailable: own.safetensors is a LoRA") as failed:
        await connector.run(make_run("sdxl_image_fast", order))
    assert (failed.value.code, failed.value.retryable) == (StepErrorCode.MODEL_UNAVAILABLE, True)
    assert list(connector.models) == []
    states.set("sdxl-base-1.0", ModelState(ModelPhase.READY))
    assert list(connector.models) == ["sdxl-base-1.0"]
    await connector.check()


async def test_the_child_gets_the_loras_of_the_step(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    child, loras = FakeChild(recipe), FakeLoras("ink")
    loras.found = (LoraUse(name="ink", path=tmp_path / "ink", sha256="ab" * 32, size_bytes=1, weight=0.5),)
    await make_connector(child, FakeStore(), tmp_path, loras=loras).run(make_run("sdxl_image_fast", order))
    assert child.asked is not None
    assert child.asked.loras == loras.found


async def test_the_input_files_are_brought_to_the_attempts_folder(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    class Stored(FakeStore):
        async def get(self, key: str, path: Path, max_bytes: int) -> StoredObject:
            if key == "gone":
                return await super().get(key, path, max_bytes)
            path.write_bytes(key.encode())
            return StoredObject(size_bytes=len(key), sha256="ab")

    child = FakeChild(recipe)
    files = {
        name: {"key": name, "mime_type": "image/png", "size_bytes": len(name)} for name in ("init_image", "mask_image")
    }
    await make_connector(child, Stored(), tmp_path).run(make_run("sdxl_image_fast", order | files))
    assert child.asked is not None
    assert child.asked.inputs.keys() == {"init_image", "mask_image"}
    assert all(path.parent == child.asked.spool for path in child.asked.inputs.values())
    files["mask_image"] |= {"key": "gone"}
    with pytest.raises(Failure, match="mask_image: the file is not stored any more"):
        await make_connector(child, Stored(), tmp_path).run(make_run("sdxl_image_fast", order | files))


async def test_the_profile_scales_both_passes(
    make_run: MakeRun, order: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    child = FakeChild(recipe)
    await make_connector(child, FakeStore(), tmp_path).run(
        make_run("sdxl_image_fast", order | {"hires": {"scale": 2, "steps": 30}})
    )
    assert child.asked is not None
    assert isinstance(child.asked.payload, ImagePayload)
    assert child.asked.payload.hires is not None
    assert (child.asked.payload.width, child.asked.payload.final_size) == (128, (256, 256))
    assert child.asked.payload.hires.steps == 4
