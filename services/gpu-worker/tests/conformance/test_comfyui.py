"""What only ComfyUI has: prompts with ids, a WebSocket that may be lost, graphs, and a history."""

import asyncio
import hashlib
from typing import Any

import pytest
from darkroom_queue import StopReason
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from gpu_worker.connectors.comfyui.prompt_ids import prompt_ids
from gpu_worker.connectors.comfyui.socket import EventSocket
from gpu_worker.connectors.session import ServerSession
from gpu_worker.domain.failures import ConnectorNotReady, Failure, Stopped
from support.fake_run import FakeRun
from support.waiting import until

from .comfyui_peer import COMFYUI, GRAPH, ComfyPeer, job
from .suite import Bench, Subject
from .test_conformance import begun

SAMPLER = "KSampler"


@pytest.fixture
def subject() -> Subject:
    return COMFYUI


@pytest.fixture
def peer(bench: Bench) -> ComfyPeer:
    assert isinstance(bench.peer, ComfyPeer)
    return bench.peer


def again(run: FakeRun) -> FakeRun:
    """Return another attempt of the same step."""
    other = FakeRun("comfyui", run.step.payload, run.step.attempt + 1)
    other.step.id = run.step.id
    return other


async def failure_of(bench: Bench, graph: dict[str, Any], **changes: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        await bench.backend.run(bench.run(job(graph, **changes)))
    assert await bench.leftovers() == []
    return caught.value


async def test_the_offer_has_models_nodes_and_the_gpu(bench: Bench) -> None:
    found = await bench.backend.discover()
    assert found.models == ("lora:ink", "tiny-sd15.safetensors")
    assert found.custom_nodes == ("ComfyUI-Glow", "Glow")
    assert (found.version, found.device) == ("0.3.75", "NVIDIA GeForce RTX 4090")
    assert (found.vram_bytes, found.free_vram_bytes, found.queue_depth) == (24 * 1024**3, 20 * 1024**3, 0)


async def test_seeds_of_64_bits_stay_exact_and_the_recipe_has_the_graph(bench: Bench, peer: ComfyPeer) -> None:
    result = await bench.backend.run(bench.run())
    assert peer.posted[0]["prompt"]["3"]["inputs"]["seed"] == 2**64 - 1
    recipe = result.outputs[0].recipe
    assert isinstance(recipe, BackendRecipe)
    assert (recipe.prompt, recipe.seed, recipe.model) == ("a red fox", 2**64 - 1, "tiny-sd15.safetensors")
    assert recipe.request == GRAPH


async def test_progress_counts_all_nodes_and_names_the_one_that_runs(bench: Bench) -> None:
    run = bench.run()
    await bench.backend.run(run)
    assert {"CheckpointLoaderSimple", SAMPLER, "SaveImage"} <= set(run.messages)
    # Nine parts: four steps of the sampler and five other nodes, of which three come before it.
    at_sampler = [percent for percent, message in zip(run.reported, run.messages, strict=True) if message == SAMPLER]
    assert at_sampler[0] == pytest.approx(100 * 3 / 9, abs=0.1)
    assert max(at_sampler) == pytest.approx(100 * 7 / 9, abs=0.1)


async def test_previews_without_metadata_belong_to_the_running_prompt(bench: Bench, peer: ComfyPeer) -> None:
    peer.deaf_to_metadata = True
    peer.hold()
    run = bench.run()
    task = await begun(bench, run)
    async with asyncio.timeout(10):
        await run.shown.wait()
    peer.release()
    await task


async def test_a_lost_socket_loses_no_outputs(bench: Bench, peer: ComfyPeer) -> None:
    peer.hold()
    run = bench.run()
    task = await begun(bench, run)
    await peer.drop_sockets()
    peer.release()  # what comes now, no socket hears
    result = await task
    assert [output.mime_type for output in result.outputs] == ["image/png"]
    assert len(peer.posted) == 1


async def test_a_socket_that_another_took_over_costs_only_progress(bench: Bench, peer: ComfyPeer) -> None:
    peer.hold()
    task = await begun(bench, bench.run())
    peer.forget_sockets()  # as the server does when a second socket has the same client id
    peer.release()
    assert len((await task).outputs) == 1


async def test_an_answer_that_is_lost_is_looked_for_before_the_prompt_is_posted_again(
    bench: Bench, peer: ComfyPeer
) -> None:
    peer.drop_next_answer = True
    result = await bench.backend.run(bench.run())
    assert len(result.outputs) == 1
    assert len(peer.posted) == 1


async def test_a_busy_server_is_waited_for_inside_the_attempt(bench: Bench, peer: ComfyPeer) -> None:
    peer.busy_answers = 1
    run = bench.run()
    await bench.backend.run(run)
    assert len(peer.posted) == 1
    assert any("busy" in message for message in run.messages)


async def test_an_output_that_is_too_large_ends_a_prompt_that_still_runs(bench: Bench, peer: ComfyPeer) -> None:
    early = {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": "early"}}
    sampler = {"class_type": SAMPLER, "inputs": {**GRAPH["3"]["inputs"], "steps": 3}}
    order = ["4", "5", "6"]
    graph = {key: GRAPH[key] for key in order} | {"7": early, "3": sampler} | {key: GRAPH[key] for key in ("8", "9")}
    peer.hold()
    failure = await failure_of(bench, graph, max_outputs=4, max_bytes=10)
    assert failure.code is StepErrorCode.OUTPUT_TOO_LARGE
    assert peer.own_work == 0


async def test_a_running_prompt_of_a_lost_worker_is_continued(bench: Bench, peer: ComfyPeer) -> None:
    peer.hold()
    run = bench.run()
    lost = await begun(bench, run)
    other = asyncio.create_task(bench.backend.run(again(run)))
    peer.release()
    result = await other
    await lost
    assert len(peer.posted) == 1
    assert len(result.outputs) == 1


async def test_an_attempt_that_lost_its_lease_leaves_its_prompt_to_the_next_one(bench: Bench, peer: ComfyPeer) -> None:
    peer.hold()
    run = bench.run()
    task = await begun(bench, run)
    other = again(run)
    continued = asyncio.create_task(bench.backend.run(other))

    async def is_continued() -> bool:
        return any("continuing" in message for message in other.messages)

    await until(is_continued)
    run.stop_reason = StopReason.LOST
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    peer.release()
    assert len((await continued).outputs) == 1
    assert (peer.interrupts, len(peer.posted)) == ([], 1)


async def test_a_prompt_that_failed_is_not_taken_for_this_attempt(bench: Bench, peer: ComfyPeer) -> None:
    peer.hold()
    run = bench.run()
    task = await begun(bench, run)
    assert peer.running is not None
    peer.running.interrupted.set()  # by a bare interrupt of somebody
    with pytest.raises(Failure, match="interrupted in ComfyUI by another client") as caught:
        await task
    assert caught.value.retryable
    peer.release()
    await bench.backend.run(again(run))
    assert [posted["prompt_id"] for posted in peer.posted] == list(prompt_ids(run.step.id)[:2])


async def test_a_stopped_attempt_on_a_server_that_died_does_not_cancel_the_next_one(
    bench: Bench, peer: ComfyPeer
) -> None:
    peer.hold()
    run = bench.run()
    task = await begun(bench, run)
    await peer.kill()
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    await peer.start()
    peer.hold()
    task = await begun(bench, again(run))
    for _ in range(4):
        await bench.backend.ping()
    peer.release()
    await task
    assert peer.interrupts == []


async def test_a_frozen_server_is_asked_to_cancel_when_it_wakes(bench: Bench, peer: ComfyPeer) -> None:
    peer.hold()
    run = bench.run()
    task = await begun(bench, run)
    peer.hang()
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    assert peer.own_work == 1
    peer.wake()

    async def is_gone() -> bool:
        await bench.backend.ping()
        return peer.own_work == 0

    await until(is_gone)


async def test_a_bare_interrupt_is_never_sent(bench: Bench, peer: ComfyPeer) -> None:
    peer.occupy()
    run = bench.run()
    task = asyncio.create_task(bench.backend.run(run))

    async def is_waiting() -> bool:
        return peer.own_work == 1

    await until(is_waiting)
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    assert peer.interrupts == []


async def test_a_frozen_server_is_noticed_by_its_missing_pongs(peer: ComfyPeer) -> None:
    session = ServerSession(peer.url)
    socket = EventSocket(session, "darkroom-test", lambda: None, heartbeat_s=0.2)
    socket.start()
    async with asyncio.timeout(5):
        await socket.connected()
    peer.hang()

    async def is_lost() -> bool:
        return not socket.is_connected

    await until(is_lost)
    await socket.close()
    await session.close()


async def test_a_cached_repetition_has_the_outputs_of_the_first(bench: Bench, peer: ComfyPeer) -> None:
    first = await bench.backend.run(bench.run())
    second = await bench.backend.run(bench.run())
    assert len(peer.posted) == 2
    assert second.outputs[0].sha256 == first.outputs[0].sha256


async def test_files_of_the_output_folder_come_before_temporary_ones(bench: Bench) -> None:
    graph = GRAPH | {"10": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}}
    assert len((await bench.backend.run(bench.run(job(graph, max_outputs=9)))).outputs) == 1


async def test_outputs_are_limited_and_the_result_says_so(bench: Bench) -> None:
    saving = {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x", "copies": 5}}
    graph = GRAPH | {"9": saving, "11": {"class_type": "PreviewAny", "inputs": {"source": ["8", 0]}}}
    result = await bench.backend.run(bench.run(job(graph, max_outputs=3)))
    assert [output.index for output in result.outputs] == [0, 1, 2]
    assert result.notes == ("2 more files were not stored: max_outputs is 3",)
    assert result.text == "hello \ufffd text"


async def test_a_prompt_without_results_fails_with_advice(bench: Bench, peer: ComfyPeer) -> None:
    graph = GRAPH | {"9": {"class_type": "SaveImage", "inputs": {**GRAPH["9"]["inputs"], "copies": 0}}}
    failure = await failure_of(bench, graph)
    assert "SaveImage" in failure.message


async def test_an_invalid_preview_does_not_spoil_the_outputs(bench: Bench) -> None:
    graph = GRAPH | {"10": {"class_type": "PreviewImage", "inputs": {}}}
    result = await bench.backend.run(bench.run(job(graph)))
    assert len(result.outputs) == 1
    assert "node 10 (PreviewImage), input images" in result.notes[0]


async def test_an_invalid_output_fails_although_others_remain(bench: Bench, peer: ComfyPeer) -> None:
    failure = await failure_of(bench, GRAPH | {"10": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}}})
    assert "node 10 (SaveImage), input filename_prefix: Required input is missing" in failure.message
    assert peer.own_work == 0


@pytest.mark.parametrize(
    ("change", "code", "retryable", "words"),
    [
        ({"5": {"class_type": "NoSuch", "inputs": {}}}, StepErrorCode.INVALID_PAYLOAD, False, "NoSuch does not exist"),
        (
            {"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "missing.ckpt"}}},
            StepErrorCode.MODEL_UNAVAILABLE, False,
            "node 4 (CheckpointLoaderSimple), input ckpt_name: 'missing.ckpt': the server has no such file",
        ),
        (
            {"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "../../etc/x.ckpt"}}},
            StepErrorCode.INVALID_PAYLOAD, False, "node 4 (CheckpointLoaderSimple), input ckpt_name",
        ),
        ({"9": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}}}, StepErrorCode.INVALID_PAYLOAD, False,
         "Prompt has no outputs"),
        ({"5": {"class_type": "Broken", "inputs": {}}}, StepErrorCode.BACKEND, False,
         "node 5 (Broken): OSError: Truncated File Read"),
        ({"5": {"class_type": "Hungry", "inputs": {}}}, StepErrorCode.OUT_OF_MEMORY, True, "node 5 (Hungry)"),
    ],
)  # fmt: skip
async def test_failures_name_the_node(
    bench: Bench, change: dict[str, Any], code: StepErrorCode, retryable: bool, words: str
) -> None:
    failure = await failure_of(bench, GRAPH | change)
    assert (failure.code, failure.retryable) == (code, retryable)
    assert words in failure.message


def stored_input(bench: Bench, content: bytes) -> dict[str, Any]:
    """Store an input file and return the reference to it."""
    (bench.objects / "in").mkdir(parents=True)
    (bench.objects / "in" / "photo").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return {"key": "in/photo", "mime_type": "image/png", "size_bytes": len(content), "sha256": digest}


LOADING = GRAPH | {"1": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}}}


async def test_input_files_are_uploaded_once_and_used_by_the_returned_names(bench: Bench, peer: ComfyPeer) -> None:
    content = b"\x89PNG\r\n\x1a\n picture"
    inputs = {"photo.png": stored_input(bench, content)}
    await bench.backend.run(bench.run(job(LOADING, inputs=inputs)))
    [name] = peer.uploads
    assert peer.uploads[name] == content
    assert peer.posted[0]["prompt"]["1"]["inputs"]["image"] == name
    await bench.backend.run(bench.run(job(LOADING, inputs=inputs)))
    assert list(peer.uploads) == [name]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": "in/none"}, "inputs.photo.png: the file is not stored any more"),
        ({"sha256": "0" * 64}, "inputs.photo.png: the stored file is not the one that the job was given"),
        ({"size_bytes": 3}, "inputs.photo.png: the file is larger than 3 bytes"),
    ],
)
async def test_an_input_file_that_is_not_the_one_meant_is_refused(
    bench: Bench, peer: ComfyPeer, change: dict[str, Any], words: str
) -> None:
    file = stored_input(bench, b"picture") | change
    with pytest.raises(Failure) as caught:
        await bench.backend.run(bench.run(job(LOADING, inputs={"photo.png": file})))
    assert (caught.value.code, caught.value.message) == (StepErrorCode.INVALID_PAYLOAD, words)
    assert (peer.uploads, peer.posted) == ({}, [])


async def test_an_input_file_that_no_node_uses_is_refused(bench: Bench) -> None:
    file = {"key": "in/photo", "mime_type": "image/png", "size_bytes": 5}
    failure = await failure_of(bench, GRAPH, inputs={"x.png": file})
    assert failure.message == "inputs.x.png: no node of the workflow uses this name"


async def test_a_graph_of_5000_nodes_is_refused_before_it_is_sent(bench: Bench, peer: ComfyPeer) -> None:
    graph = {str(number): {"class_type": "VAEDecode", "inputs": {}} for number in range(5_000)}
    failure = await failure_of(bench, graph)
    assert failure.code is StepErrorCode.INVALID_PAYLOAD
    assert "workflow" in failure.message
    assert peer.posted == []


async def test_a_server_that_is_away_for_good_fails_the_attempt(bench: Bench, peer: ComfyPeer) -> None:
    await peer.kill()
    with pytest.raises(Failure) as caught:
        await bench.backend.run(bench.run())
    assert caught.value.retryable
    with pytest.raises(ConnectorNotReady):
        await bench.backend.discover()
