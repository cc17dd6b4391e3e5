"""The states of models as they are reported, and when a worker counts as started."""

import asyncio

from gpu_worker.domain.model_states import ModelPhase, ModelState, ModelStates, all_ready

READY, WAITING = ModelState(ModelPhase.READY), ModelState(ModelPhase.WAITING)
DOWNLOADING = ModelState(ModelPhase.DOWNLOADING, done_bytes=1_200_000_000, total_bytes=7_300_000_000)


def test_a_state_is_told_in_words() -> None:
    states = ModelStates(("a", "b", "c"))
    states.set("a", DOWNLOADING)
    states.set("b", ModelState(ModelPhase.UNAVAILABLE, "b.safetensors is a LoRA"))
    assert states.describe() == {
        "a": "downloading: 1.20 of 7.30 GB",
        "b": "unavailable: b.safetensors is a LoRA",
        "c": "waiting",
    }


def test_a_change_of_the_ready_models_is_announced_and_nothing_else() -> None:
    states, reported = ModelStates(("a", "b")), list[tuple[str, ...]]()
    states.on_ready = lambda: reported.append(states.ready)
    for name, state in (("a", DOWNLOADING), ("a", READY), ("b", DOWNLOADING), ("a", READY), ("a", WAITING)):
        states.set(name, state)
    assert reported == [("a",), ()]


def test_models_that_need_no_download_are_waited_for_at_the_start() -> None:
    states = ModelStates(("a", "b"))
    states.set("a", READY)
    assert not states.have_started
    states.set("b", ModelState(ModelPhase.UNAVAILABLE, "gone"))
    assert states.have_started
    states.set("b", ModelState(ModelPhase.STARTING))
    assert states.have_started


def test_a_download_is_not_waited_for() -> None:
    states = ModelStates(("a", "b"))
    states.set("a", READY)
    states.set("b", DOWNLOADING)
    assert states.have_started
    states.set("a", WAITING)
    assert not states.have_started


async def test_the_first_ready_model_ends_the_wait() -> None:
    states = ModelStates(("a",))
    waiting = asyncio.create_task(states.any_ready())
    await asyncio.sleep(0)
    assert not waiting.done()
    states.set("a", READY)
    await waiting
    await all_ready(("a",)).any_ready()
