"""The whole worker as a process, between a real queue and a real object store."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from darkroom_queue import Registry, Sweeper
from darkroom_schemas.payload import ImagePayload, PromptPayload, VideoPayload
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import Redelivery
from gpu_worker.models.tiny.build import ensure_tiny_model
from support.hub_server import run_hub
from support.waiting import until
from support.worker_process import READY_S, Queue, StartWorker, queue_at, worker_processes

SLOW = {"duration_s": 3600, "steps": 3600}


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[Queue]:
    async with queue_at(redis_url) as opened:
        yield opened


@pytest.fixture
async def start_worker(redis_url: str, models_dir: Path, tmp_path: Path) -> AsyncIterator[StartWorker]:
    """Start workers that end with the test."""
    environment = {
        "GPU_WORKER_PROFILE": "tiny",
        "REDIS_URL": redis_url,
        "OBJECT_STORE_URL": (tmp_path / "objects").as_uri(),
        "GPU_WORKER_MODELS_DIR": str(models_dir),
        "GPU_WORKER_SPOOL_DIR": str(tmp_path / "spool"),
    }
    async with worker_processes(environment) as start:
        yield start


async def test_pictures_video_and_prompts_come_out_and_a_killed_child_costs_one_attempt(
    start_worker: StartWorker,
    queue: Queue,
    tmp_path: Path,
    image_payload: ImagePayload,
    video_payload: VideoPayload,
    prompt_payload: PromptPayload,
) -> None:
    worker = await start_worker(GPU_WORKER_PRELOAD="none")
    pictures = await queue.submit("pictures", "sdxl_image_fast", image_payload, models=("sdxl-base-1.0",), vram_gb=12)
    prompt = await queue.submit("prompt", "prompt_enhance", prompt_payload)
    done = await queue.end_of(pictures)
    assert done.status is JobStatus.COMPLETED
    assert done.result is not None
    keys = [output.key for output in done.result.outputs]
    [folder] = {key.rpartition("/")[0] for key in keys}
    assert folder.startswith("pictures/1/00/1-")
    assert keys == [f"{folder}/{index}.png" for index in range(6)]
    for output in done.result.outputs:
        assert (tmp_path / "objects" / output.key).stat().st_size == output.size_bytes
        assert output.thumbnail_key is not None
        assert (tmp_path / "objects" / output.thumbnail_key).is_file()
        assert output.recipe is not None
        assert output.recipe.seed == image_payload.seeds[output.index]
    written = await queue.end_of(prompt)
    assert written.result is not None
    assert written.result.text

    video = await queue.submit("video", "video_fast", video_payload)
    await queue.when(video, lambda view: view.status is JobStatus.RUNNING)
    first_child = worker.child_pid()
    assert first_child is not None
    os.kill(first_child, signal.SIGKILL)
    drawn = await queue.end_of(video)
    assert (drawn.status, drawn.attempt) == (JobStatus.COMPLETED, 2)
    assert drawn.result is not None
    [clip] = drawn.result.outputs
    assert (clip.frames, clip.duration_s) == (81, 5.0625)
    assert clip.key.startswith("video/1/00/2-")
    assert clip.key.endswith("/0.mp4")
    assert worker.child_pid() != first_child
    assert list((tmp_path / "spool").iterdir()) == []

    worker.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(worker.process.wait(), 20) == 0


async def test_outputs_of_an_attempt_that_lost_its_lease_do_not_stay(
    start_worker: StartWorker, queue: Queue, tmp_path: Path, image_payload: ImagePayload
) -> None:
    worker = await start_worker(GPU_WORKER_LEASE_S="600")  # no heartbeat reports the loss before the pictures are done
    lost = await queue.submit("lost", "sdxl_image_fast", image_payload, redelivery=Redelivery.NEVER)
    await queue.when(lost, lambda view: view.status is JobStatus.RUNNING)
    await queue.link.redis_py.zadd("{darkroom-0}:lz", {lost.id: 1})
    await Sweeper(queue.link).sweep()
    assert (await queue.end_of(lost)).status is JobStatus.FAILED
    kept = await queue.submit("kept", "sdxl_image_fast", image_payload)
    done = await queue.end_of(kept)
    assert done.result is not None
    assert await worker.completed_attempts() == 2
    wanted = {key for output in done.result.outputs for key in (output.key, output.thumbnail_key)}

    async def only_the_wanted_are_there() -> bool:
        root = tmp_path / "objects"
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} == wanted

    await until(only_the_wanted_are_there)


async def test_a_worker_that_is_killed_loses_nothing(start_worker: StartWorker, queue: Queue) -> None:
    first = await start_worker(GPU_WORKER_CONNECTORS="simulated", GPU_WORKER_LEASE_S="1.5")
    step = await queue.submit("job", "simulation", SLOW | {"duration_s": 1})
    await queue.when(step, lambda view: view.status is JobStatus.RUNNING)
    first.process.kill()
    await start_worker(GPU_WORKER_CONNECTORS="simulated")
    assert (await queue.end_of(step)).status is JobStatus.COMPLETED


async def test_a_cancelled_step_ends_at_once(start_worker: StartWorker, queue: Queue) -> None:
    # No beat asks for cancels before the wait for the end is over, and nothing ends the step by force.
    await start_worker(GPU_WORKER_CONNECTORS="simulated", GPU_WORKER_LEASE_S="600")
    step = await queue.submit("job", "simulation", SLOW)
    await queue.when(step, lambda view: view.status is JobStatus.RUNNING)
    await queue.producer.cancel(step.id, reason="test")
    await queue.link.redis_py.delete("{darkroom-0}:cz")
    assert (await queue.end_of(step)).status is JobStatus.CANCELLED


async def test_a_stopping_worker_gives_long_work_back_without_costing_an_attempt(
    start_worker: StartWorker, queue: Queue
) -> None:
    worker = await start_worker(GPU_WORKER_CONNECTORS="simulated", GPU_WORKER_DRAIN_S="0")
    step = await queue.submit("job", "simulation", SLOW)
    await queue.when(step, lambda view: view.status is JobStatus.RUNNING)
    worker.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(worker.process.wait(), 20) == 0
    view = await queue.view(step)
    assert (view.status, view.worker_id) == (JobStatus.QUEUED, None)
    assert view.attempt <= 1


async def test_models_become_ready_one_by_one_and_a_broken_one_takes_no_other_down(
    start_worker: StartWorker, queue: Queue, models_dir: Path, tmp_path: Path, prompt_payload: PromptPayload
) -> None:
    (tmp_path / "page.safetensors").write_text("<!DOCTYPE html><title>Log in</title>")
    qwen = ensure_tiny_model("qwen", models_dir)
    entries = {
        "sdxl-base-1.0": {"family": "sdxl", "source": {"file": str(tmp_path / "page.safetensors")}},
        "wan2.1-t2v-1.3b": {"family": "wan", "source": {"repo": "someone/wan"}},
        "qwen2.5-7b-instruct": {"family": "qwen", "source": {"repo": "someone/qwen"}, "dtype": "float32"},
    }
    sizes = {"disk_bytes": 1, "memory_bytes": 46_000_000, "peak_bytes": 400_000_000}
    listed = {"profiles": {"tiny": {name: entry | sizes for name, entry in entries.items()}}}
    (tmp_path / "models.yaml").write_text(json.dumps(listed))
    with run_hub() as hub:
        hub.repos["someone/qwen"] = {
            str(path.relative_to(qwen)): path.read_bytes() for path in qwen.rglob("*") if path.is_file()
        }
        worker = await start_worker(
            GPU_WORKER_MODELS_FILE=str(tmp_path / "models.yaml"),
            GPU_WORKER_MODELS=",".join(entries),
            GPU_WORKER_PRELOAD="qwen2.5-7b-instruct",
            HF_ENDPOINT=hub.url,
            HF_HUB_CACHE=str(tmp_path / "hub"),
        )
        done = await queue.end_of(await queue.submit("prompt", "prompt_enhance", prompt_payload))
        assert done.status is JobStatus.COMPLETED

        async def all_are_settled() -> bool:
            return all(state.startswith(("ready", "unavailable")) for state in (await worker.models()).values())

        await until(all_are_settled, READY_S)
        assert await worker.models() == {
            "sdxl-base-1.0": "unavailable: page.safetensors is a web page: its download was probably answered with a "
            "page to log in or to accept a licence",
            "wan2.1-t2v-1.3b": "unavailable: someone/wan could not be downloaded: the hub has no such repository, or "
            "HF_TOKEN gives no access to it",
            "qwen2.5-7b-instruct": "ready",
        }
        [registered] = await Registry(queue.link).workers()
        assert set(registered.info.capabilities.models) == {"qwen2.5-7b-instruct"}
        assert "sdxl_image_fast" not in registered.info.capabilities.types
