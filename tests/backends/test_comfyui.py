"""Jobs on a real ComfyUI that stays alive: outputs, progress, previews, inputs, refusals and stops."""

import asyncio
import hashlib
import io
import json
import time
import uuid

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from gpu_worker.domain.failures import Failure, Stopped
from PIL import Image
from support.comfyui import CHECKPOINT, RealComfyUI, plain_graph, sampling_graph
from support.fake_run import FakeRun
from support.waiting import until

from backends.conftest import Bench

LONG = 400
START_S = 90.0


async def sampling(run: FakeRun, task: "asyncio.Task[object]") -> None:
    """Wait until the sampler of an attempt runs."""

    async def runs() -> bool:
        if task.done():
            task.result()
        return "KSampler" in run.messages and max(run.reported) > 1

    await until(runs, START_S)


async def test_the_server_says_what_it_offers(bench: Bench, comfyui: RealComfyUI) -> None:
    async with bench.backend(comfyui) as backend:
        await backend.ping()
        found = await backend.discover()
    assert found.version == "0.3.75"
    assert CHECKPOINT in found.models
    assert {"darkroom_test_nodes", "DarkroomPause"} <= set(found.custom_nodes)
    assert found.queue_depth == 0


async def test_a_picture_has_the_true_seed_in_its_metadata(bench: Bench, comfyui: RealComfyUI) -> None:
    seed = 2**64 - 1
    run = bench.run(sampling_graph(seed=seed))
    async with bench.backend(comfyui) as backend:
        await backend.discover()
        result = await backend.run(run)
    [output] = result.outputs
    content = (bench.objects / output.key).read_bytes()
    assert output.sha256 == hashlib.sha256(content).hexdigest()
    with Image.open(io.BytesIO(content)) as picture:
        embedded = json.loads(picture.text["prompt"])  # type: ignore[attr-defined] # of PNGs
    assert embedded["3"]["inputs"]["seed"] == seed
    assert (output.mime_type, output.width, output.height) == ("image/png", 64, 64)
    recipe = output.recipe
    assert isinstance(recipe, BackendRecipe)
    assert (recipe.seed, recipe.model, recipe.prompt, recipe.version) == (seed, CHECKPOINT, "a red fox", "0.3.75")
    assert run.reported == sorted(run.reported)
    assert run.reported[-1] == 100.0
    assert {"CheckpointLoaderSimple", "KSampler", "VAEDecode"} <= set(run.messages)
    assert len({percent for percent in run.reported if 0 < percent < 100}) >= 4
    assert run.previews


async def test_a_repetition_that_is_cached_has_the_outputs_of_the_first(bench: Bench, comfyui: RealComfyUI) -> None:
    async with bench.backend(comfyui) as backend:
        first = await backend.run(bench.run(plain_graph(1001)))
        files = sorted((comfyui.folder / "output" / "darkroom").iterdir())
        second = await backend.run(bench.run(plain_graph(1001)))
    assert sorted((comfyui.folder / "output" / "darkroom").iterdir()) == files
    assert second.outputs[0].sha256 == first.outputs[0].sha256


async def test_an_attempt_after_a_success_takes_its_outputs(bench: Bench, comfyui: RealComfyUI) -> None:
    run = bench.run(plain_graph(1002))
    async with bench.backend(comfyui) as backend:
        first = await backend.run(run)
        begun = comfyui.runs()
        second = await backend.run(bench.again(run))
    assert comfyui.runs() == begun
    assert second.outputs[0].sha256 == first.outputs[0].sha256


async def test_many_outputs_of_all_kinds(bench: Bench, comfyui: RealComfyUI) -> None:
    def node(class_type: str, **inputs: object) -> dict[str, object]:
        return {"class_type": class_type, "inputs": inputs}

    graph = plain_graph(1003, copies=4) | {
        "3": node("PreviewImage", images=["1", 0]),
        "4": node(
            "SaveAnimatedWEBP", images=["1", 0], filename_prefix="m", fps=6.0, lossless=True, quality=80,
            method="default",
        ),
        "5": node("CreateVideo", images=["1", 0], fps=8.0),
        "6": node("SaveVideo", video=["5", 0], filename_prefix="m", format="mp4", codec="h264"),
        "7": node("SaveWEBM", images=["1", 0], filename_prefix="m", codec="vp9", fps=8.0, crf=32.0),
        "8": node("PreviewAny", source="hello text"),
    }  # fmt: skip
    async with bench.backend(comfyui) as backend:
        result = await backend.run(bench.run(graph, max_outputs=64))
    kinds = sorted(output.mime_type for output in result.outputs)
    assert kinds == ["image/png"] * 4 + ["image/webp", "video/mp4", "video/webm"]
    assert result.text == "hello text"
    by_kind = {output.mime_type: output for output in result.outputs}
    assert (by_kind["video/mp4"].frames, by_kind["video/mp4"].duration_s) == (4, 0.5)
    assert (by_kind["video/webm"].width, by_kind["video/webm"].height) == (64, 48)
    assert all(output.thumbnail_key for output in result.outputs)
    async with bench.backend(comfyui) as backend:
        limited = await backend.run(bench.run(graph, max_outputs=2))
    assert len(limited.outputs) == 2
    assert "max_outputs" in limited.notes[0]


async def test_temporary_files_count_if_there_are_no_others(bench: Bench, comfyui: RealComfyUI) -> None:
    graph = plain_graph(1004)
    graph["9"] = {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}}
    async with bench.backend(comfyui) as backend:
        result = await backend.run(bench.run(graph))
    assert [output.mime_type for output in result.outputs] == ["image/png"]


async def test_an_input_image_is_uploaded_and_used(bench: Bench, comfyui: RealComfyUI) -> None:
    content = io.BytesIO()
    Image.new("RGB", (40, 24), (10, 200, 30)).save(content, "PNG")
    source = bench.objects / "inputs" / "photo.png"
    source.parent.mkdir(parents=True)
    source.write_bytes(content.getvalue())
    file = {
        "key": "inputs/photo.png", "mime_type": "image/png", "size_bytes": source.stat().st_size,
        "sha256": hashlib.sha256(content.getvalue()).hexdigest(),
    }  # fmt: skip
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "my photo.png"}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "darkroom/in"}},
    }
    async with bench.backend(comfyui) as backend:
        result = await backend.run(bench.run(graph, inputs={"my photo.png": file}))
    with Image.open(bench.objects / result.outputs[0].key) as picture:
        assert picture.size == (40, 24)
        assert picture.getpixel((5, 5)) == (10, 200, 30)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"2": {"class_type": "NoSuchNode", "inputs": {}}}, StepErrorCode.INVALID_PAYLOAD, ("NoSuchNode",)),
        (
            {"1": {"class_type": "EmptyImage", "inputs": {"width": -5, "height": 48, "batch_size": 1, "color": 1}}},
            StepErrorCode.INVALID_PAYLOAD,
            ("node 1 (EmptyImage)", "width", "-5"),
        ),
        (
            {"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "missing.safetensors"}},
             "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["4", 2]}},
             "9": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": "x"}}},
            StepErrorCode.MODEL_UNAVAILABLE,
            ("node 4 (CheckpointLoaderSimple)", "missing.safetensors"),
        ),
    ],
)  # fmt: skip
async def test_an_invalid_graph_is_refused_by_name(
    bench: Bench, comfyui: RealComfyUI, change: dict[str, object], code: StepErrorCode, words: tuple[str, ...]
) -> None:
    async with bench.backend(comfyui) as backend:
        with pytest.raises(Failure) as caught:
            await backend.run(bench.run(plain_graph(7) | change))
    assert (caught.value.code, caught.value.retryable) == (code, False)
    assert all(word in caught.value.message for word in words)
    assert comfyui.prompts() == []
    assert await bench.leftovers() == []


async def test_a_graph_that_is_valid_in_part_fails(bench: Bench, comfyui: RealComfyUI) -> None:
    graph = plain_graph(1005) | {"20": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}
    async with bench.backend(comfyui) as backend:
        with pytest.raises(Failure, match=r"node 20 \(SaveImage\), input filename_prefix"):
            await backend.run(bench.run(graph))
    assert await bench.leftovers() == []


async def test_a_node_that_fails_is_named(bench: Bench, comfyui: RealComfyUI) -> None:
    broken = comfyui.folder / "input" / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "broken.png"}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "darkroom/in"}},
    }
    async with bench.backend(comfyui) as backend:
        with pytest.raises(Failure, match=r"node 1 \(LoadImage\)") as caught:
            await backend.run(bench.run(graph))
    assert not caught.value.retryable


async def test_a_running_prompt_stops_within_8_s(bench: Bench, comfyui: RealComfyUI) -> None:
    run = bench.run(sampling_graph(steps=LONG, seed=1))
    async with bench.backend(comfyui) as backend:
        task = asyncio.create_task(backend.run(run))
        await sampling(run, task)
        stopped_at = time.monotonic()
        run.stop.set()
        with pytest.raises(Stopped):
            await task
    assert time.monotonic() - stopped_at < 8
    assert comfyui.prompts() == []
    assert await bench.leftovers() == []


async def test_a_waiting_prompt_stops_and_a_foreign_one_goes_on(bench: Bench, comfyui: RealComfyUI) -> None:
    foreign = str(uuid.uuid4())
    comfyui.ask("/prompt", {"prompt": sampling_graph(steps=LONG, seed=2), "client_id": "other", "prompt_id": foreign})
    run = bench.run(plain_graph(1006))
    async with bench.backend(comfyui) as backend:
        task = asyncio.create_task(backend.run(run))

        async def is_queued() -> bool:
            return len(await asyncio.to_thread(comfyui.prompts)) == 2

        await until(is_queued, START_S)
        run.stop.set()
        with pytest.raises(Stopped):
            await task
    assert comfyui.prompts() == [foreign]
    comfyui.ask("/interrupt", {"prompt_id": foreign})

    async def is_idle() -> bool:
        return not await asyncio.to_thread(comfyui.prompts)

    await until(is_idle, START_S)
