"""What is sent to A1111 and Forge, and whose work is interrupted."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from gpu_worker.domain.failures import ConnectorNotReady, Failure, Stopped
from support.fake_run import FakeRun
from support.waiting import until

from .a1111_peer import A1111, A1111_WITHOUT_IDS, A1111Peer
from .answering_peer import picture
from .suite import Bench, Subject

ANY = pytest.mark.parametrize("subject", [A1111, A1111_WITHOUT_IDS], indirect=True)
WITH_IDS = pytest.mark.parametrize("subject", [A1111], indirect=True)
WITHOUT_IDS = pytest.mark.parametrize("subject", [A1111_WITHOUT_IDS], indirect=True)
JOB = {"prompt": "a boat", "seeds": [5], "bucket": "b", "max_bytes": 1_000_000}


def peer_of(bench: Bench) -> A1111Peer:
    assert isinstance(bench.peer, A1111Peer)
    return bench.peer


async def failure_of(bench: Bench, **payload: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        await bench.backend.run(bench.run(JOB | payload))
    return caught.value


@WITH_IDS
async def test_a_request_has_the_exact_seed_and_the_options_of_the_job(bench: Bench) -> None:
    options = {"enable_hr": True, "hr_scale": 2, "styles": ["Ink"], "batch_size": 8, "override_settings": {"eta": 1}}
    payload: Mapping[str, Any] = JOB | {
        "seeds": [2**64 - 1, 3],
        "checkpoint": "ffee001122",
        "scheduler": "Karras",
        "sampler_name": "DPM++ 2M",
        "denoising_strength": 0.4,
        "options": options,
    }
    result = await bench.backend.run(bench.run(payload))
    (route, body), (_, second) = peer_of(bench).bodies
    assert route == "txt2img"
    assert (body["seed"], second["seed"], body["batch_size"], body["n_iter"]) == (2**64 - 1, 3, 1, 1)
    assert (body["enable_hr"], body["hr_scale"], body["styles"], body["denoising_strength"]) == (True, 2, ["Ink"], 0.4)
    assert (body["sampler_name"], body["scheduler"]) == ("DPM++ 2M", "Karras")
    assert body["override_settings"] == {"eta": 1, "sd_model_checkpoint": "sub/other.safetensors [ffee001122]"}
    assert (body["send_images"], body["save_images"]) == (True, False)
    recipes = [output.recipe for output in result.outputs]
    assert [recipe.seed for recipe in recipes if isinstance(recipe, BackendRecipe)] == [2**64 - 1, 3]
    assert isinstance(recipes[0], BackendRecipe)
    assert (recipes[0].model, recipes[0].version, recipes[0].prompt) == ("base", "v1.10.1", "a boat")
    assert recipes[0].request["enable_hr"] is True


@WITH_IDS
async def test_an_image_of_the_job_is_drawn_over(bench: Bench) -> None:
    (bench.objects / "in.png").write_bytes(picture())
    image = {"key": "in.png", "mime_type": "image/png", "size_bytes": len(picture())}
    result = await bench.backend.run(
        bench.run(JOB | {"init_image": image, "mask_image": image, "denoising_strength": 0.7})
    )
    ((route, body),) = peer_of(bench).bodies
    assert route == "img2img"
    assert [base64.b64decode(text) for text in body["init_images"]] == [picture()]
    assert (base64.b64decode(body["mask"]), body["denoising_strength"]) == (picture(), 0.7)
    recipe = result.outputs[0].recipe
    assert isinstance(recipe, BackendRecipe)
    assert not {"init_images", "mask"} & recipe.request.keys()
    failure = await failure_of(bench, init_image=image | {"key": "other.png"})
    assert failure.message.startswith("init_image")
    failure = await failure_of(bench, mask_image=image)
    assert failure.message.startswith("mask_image")


@WITH_IDS
async def test_an_image_by_url_is_refused(bench: Bench) -> None:
    failure = await failure_of(bench, options={"init_images": ["http://10.0.0.1/"]})
    assert failure.code is StepErrorCode.INVALID_PAYLOAD
    assert failure.message.startswith("options.init_images")
    assert peer_of(bench).bodies == []


async def waiting(bench: Bench, run: FakeRun) -> asyncio.Task[Any]:
    """Start an attempt and wait until its request is in the server's queue."""
    task = asyncio.create_task(bench.backend.run(run))

    async def is_queued() -> bool:
        return bench.peer.own_work == 1

    await until(is_queued)
    return task


@ANY
async def test_a_stop_behind_the_work_of_others_interrupts_nothing(bench: Bench) -> None:
    bench.peer.occupy()
    run = bench.run(JOB)
    task = await waiting(bench, run)

    async def says_so() -> bool:
        return any("waiting" in message for message in run.messages)

    await until(says_so)
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    await bench.backend.ping()
    assert (peer_of(bench).interruptions, bench.peer.foreign_work) == (0, 1)


@WITH_IDS
async def test_work_that_was_stopped_while_it_waited_is_interrupted_when_it_runs(bench: Bench) -> None:
    bench.peer.occupy()
    bench.peer.hold()
    run = bench.run(JOB)
    task = await waiting(bench, run)
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    peer_of(bench).end_foreign()
    await asyncio.wait_for(bench.peer.began.wait(), 10)
    await bench.backend.ping()

    async def is_gone() -> bool:
        return bench.peer.own_work == 0

    await until(is_gone)
    await bench.backend.ping()
    assert peer_of(bench).interruptions == 1


@WITHOUT_IDS
async def test_work_that_may_be_anybodys_is_not_interrupted(bench: Bench) -> None:
    bench.peer.occupy()
    bench.peer.hold()
    run = bench.run(JOB)
    task = await waiting(bench, run)
    peer_of(bench).end_foreign()
    await asyncio.wait_for(bench.peer.began.wait(), 10)
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    assert peer_of(bench).interruptions == 0


@ANY
async def test_an_image_that_somebody_interrupted_is_not_delivered(bench: Bench) -> None:
    bench.peer.hold()
    task = asyncio.create_task(failure_of(bench))
    await asyncio.wait_for(bench.peer.began.wait(), 10)
    peer_of(bench).interrupt_running()
    failure = await task
    assert failure.retryable
    assert "interrupted" in failure.message
    assert await bench.leftovers() == []


@WITH_IDS
async def test_a_server_without_memory_says_so(bench: Bench) -> None:
    failure = await failure_of(bench, prompt="too large")
    assert (failure.code, failure.retryable) == (StepErrorCode.OUT_OF_MEMORY, True)
    assert "Tried 9 GiB" in failure.message
    assert peer_of(bench).interruptions == 0


@pytest.mark.parametrize(
    "subject",
    [Subject(A1111.type, lambda: A1111Peer(takes_ids=False, has_progress=False), "a1111", JOB)],
    indirect=True,
)
async def test_a_server_without_the_optional_routes_is_used(bench: Bench) -> None:
    await bench.backend.ping()
    found = await bench.backend.discover()
    assert len(found.models) == 2
    assert found.vram_bytes is None
    run = bench.run()
    assert len((await bench.backend.run(run)).outputs) == 1
    bench.peer.hold()
    bench.peer.began.clear()
    stopped = bench.run()
    task = asyncio.create_task(bench.backend.run(stopped))
    await asyncio.wait_for(bench.peer.began.wait(), 10)
    stopped.stop.set()
    with pytest.raises(Stopped):
        await task


@WITH_IDS
async def test_memory_and_loras_are_discovered(bench: Bench) -> None:
    found = await bench.backend.discover()
    assert (found.vram_bytes, found.free_vram_bytes) == (2**32, 3 * 2**30)
    assert "lora:ink" in found.models


@WITH_IDS
async def test_a_server_that_loads_a_model_for_us_may_be_silent(bench: Bench) -> None:
    await bench.backend.ping()
    bench.peer.hold()
    run = bench.run(JOB)
    task = asyncio.create_task(bench.backend.run(run))
    await asyncio.wait_for(bench.peer.began.wait(), 10)
    peer_of(bench).hang()
    await bench.backend.ping()
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    with pytest.raises(ConnectorNotReady):
        await bench.backend.ping()


@WITH_IDS
async def test_progress_is_reported_although_the_web_page_wants_a_login(bench: Bench) -> None:
    peer_of(bench).wants_login = True
    bench.peer.hold()
    run = bench.run(JOB)
    task = asyncio.create_task(bench.backend.run(run))
    await asyncio.wait_for(run.reports(1), 10)
    assert run.reported[0] == 50.0
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    assert peer_of(bench).interruptions == 1
