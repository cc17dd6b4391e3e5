"""A plan fits the card, evicts nothing that is leased, and degrades a step no more than it must."""

from dataclasses import replace

import pytest
from gpu_worker.domain.memory.card import CPU, CUDA, Card, Resident
from gpu_worker.domain.memory.footprint import Component, Footprint, Point, Shape, StageFootprint, StageName
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.domain.memory.plan import Demand, Offload, Plan, Policy, Refusal
from gpu_worker.domain.memory.planner import plan_step

GB = 1_000_000_000
RAM = 64 * GB


def stage(work_gb: float) -> StageFootprint:
    return StageFootprint((Point(Shape(1), round(work_gb * GB)),))


def video(decode_gb: float = 8.0, tiled_gb: float = 2.0) -> Demand:
    """Return a step whose text encoder weighs 10 GB, its transformer 3 GB and its VAE 1 GB."""
    weights = {Component.TEXT_ENCODER: 10 * GB, Component.TRANSFORMER: 3 * GB, Component.VAE: GB}
    stages = {
        StageName.ENCODE: stage(0.1),
        StageName.DENOISE: stage(1.0),
        StageName.DECODE: stage(decode_gb),
        StageName.DECODE_TILED: stage(tiled_gb),
    }
    shapes = {name: Shape(1) for name in (StageName.ENCODE, StageName.DENOISE, StageName.DECODE)}
    return Demand("video", Footprint(weights, stages), shapes)


def pictures(batch: int) -> Demand:
    weights = {Component.TEXT_ENCODER: GB, Component.UNET: 5 * GB, Component.VAE: GB}
    stages = {StageName.ENCODE: stage(0.1), StageName.DENOISE: stage(1.0), StageName.DECODE: stage(1.0)}
    shapes = {name: Shape(1) for name in (StageName.ENCODE, StageName.DECODE)}
    return Demand("pictures", Footprint(weights, stages), shapes | {StageName.DENOISE: Shape(1, batch=batch)})


def text() -> Demand:
    footprint = Footprint({Component.LANGUAGE_MODEL: 15 * GB}, {StageName.WRITE: stage(0.1)})
    return Demand("text", footprint, {StageName.WRITE: Shape(1)})


def card(
    gb: float,
    kind: str = CUDA,
    *,
    free_bytes: int | None = None,
    reserved_bytes: int = 0,
    limit_bytes: int | None = None,
) -> Card:
    free = round(gb * GB) if free_bytes is None else free_bytes
    return Card(kind, "card", round(gb * GB), free, reserved_bytes, limit_bytes)


def planned(answer: Plan | Refusal) -> Plan:
    assert isinstance(answer, Plan), str(answer)
    return answer


@pytest.mark.parametrize(
    ("gb", "placement", "tiled"),
    [
        (40, Placement.RESIDENT, False),
        (20, Placement.TEXT_OUT, False),
        (12, Placement.OFFLOADED, False),
        (10.5, Placement.TEXT_STREAMED, True),
        (8, Placement.TEXT_STREAMED, True),
    ],
)
def test_a_smaller_card_first_moves_components_and_then_decodes_in_tiles(
    gb: float, placement: Placement, tiled: bool
) -> None:
    plan = planned(plan_step(card(gb), RAM, video()))
    assert (plan.placement, plan.tiled) == (placement, tiled)
    assert plan.peak_bytes <= gb * GB


def test_a_batch_is_split_only_as_far_as_it_must() -> None:
    assert planned(plan_step(card(20), RAM, pictures(6))).batch == 6
    plan = planned(plan_step(card(10), RAM, pictures(6)))
    assert (plan.placement, plan.batch) == (Placement.TEXT_OUT, 3)


def test_a_setting_limits_the_batch_and_asks_for_tiles() -> None:
    plan = planned(plan_step(card(40), RAM, pictures(6), policy=Policy(max_batch=2)))
    assert plan.batch == 2
    assert planned(plan_step(card(40), RAM, video(), policy=Policy(tiling=True))).tiled


def test_a_refusal_says_what_is_needed_and_what_is_free() -> None:
    answer = plan_step(card(4), RAM, text())
    assert isinstance(answer, Refusal)
    assert str(answer) == "GPU memory to write: 15.8 GB needed, 4.0 GB free"


def test_offload_needs_main_memory() -> None:
    answer = plan_step(card(12), 8 * GB, video())
    assert isinstance(answer, Refusal)
    assert answer.reason == "main memory for the weights"
    assert (answer.needed_bytes, answer.free_bytes) == (14 * GB, 8 * GB)


def test_a_loaded_model_needs_main_memory_for_what_stays_there_only() -> None:
    loaded = replace(pictures(1), is_loaded=True)
    assert planned(plan_step(card(20), GB, loaded)).placement is Placement.RESIDENT


def test_offload_never_and_always_are_obeyed() -> None:
    assert isinstance(plan_step(card(14), RAM, video(), policy=Policy(Offload.NEVER)), Refusal)
    always = planned(plan_step(card(80), RAM, video(), policy=Policy(Offload.ALWAYS)))
    assert always.placement is Placement.OFFLOADED
    # A model of one component cannot be offloaded.
    assert planned(plan_step(card(80), RAM, text(), policy=Policy(Offload.ALWAYS))).placement is Placement.RESIDENT


def test_what_other_processes_hold_is_not_planned_with() -> None:
    busy = card(24, free_bytes=9 * GB)
    assert planned(plan_step(busy, RAM, video())).tiled
    own = card(24, free_bytes=9 * GB, reserved_bytes=12 * GB)
    assert not planned(plan_step(own, RAM, video())).tiled


def test_the_limit_of_the_operator_counts_like_a_smaller_card() -> None:
    assert planned(plan_step(card(80, limit_bytes=12 * GB), RAM, video())).placement is Placement.OFFLOADED


def test_the_models_used_longest_ago_are_evicted_first_and_only_as_many_as_necessary() -> None:
    loaded = [Resident("old", 8 * GB), Resident("middle", 8 * GB), Resident("new", 8 * GB)]
    full = card(26, free_bytes=2 * GB, reserved_bytes=24 * GB)
    assert planned(plan_step(full, RAM, pictures(1), loaded)).evict == ("old",)


def test_others_are_evicted_before_a_step_is_degraded() -> None:
    loaded = [Resident("other", 10 * GB)]
    plan = planned(plan_step(card(24, free_bytes=14 * GB, reserved_bytes=10 * GB), RAM, video(), loaded))
    assert (plan.placement, plan.tiled, plan.evict) == (Placement.RESIDENT, False, ("other",))


def test_a_leased_model_stays_and_the_step_makes_do_with_the_rest() -> None:
    loaded = [Resident("leased", 10 * GB, leased=True)]
    full = card(24, free_bytes=14 * GB, reserved_bytes=10 * GB)
    plan = planned(plan_step(full, RAM, video(), loaded))
    assert plan.evict == ()
    assert plan.peak_bytes <= 14 * GB
    refused = plan_step(full, RAM, text(), loaded)
    assert isinstance(refused, Refusal)
    assert refused.free_bytes == 14 * GB


def test_a_model_that_holds_only_main_memory_is_evicted_for_main_memory_alone() -> None:
    loaded = [Resident("on the card", 2 * GB), Resident("offloaded", 0, ram_bytes=12 * GB)]
    plan = planned(plan_step(card(40, free_bytes=38 * GB, reserved_bytes=2 * GB), 3 * GB, video(), loaded))
    assert plan.evict == ("offloaded",)


def test_a_cpu_holds_everything_in_its_one_memory() -> None:
    plan = planned(plan_step(card(30, CPU), 0, video()))
    assert plan.placement is Placement.RESIDENT


def test_a_picture_to_start_from_is_encoded_in_tiles_where_its_encoder_does_not_fit_whole() -> None:
    demand = pictures(1)
    tiles = {StageName.DECODE_TILED: stage(0.5), StageName.ENCODE_IMAGE_TILED: stage(0.5)}
    for encode_gb, tiled in ((1.0, False), (4.0, True)):
        stages = {**demand.footprint.stages, **tiles, StageName.ENCODE_IMAGE: stage(encode_gb)}
        shapes = {**demand.shapes, StageName.ENCODE_IMAGE: Shape(1)}
        one = replace(demand, footprint=Footprint(demand.footprint.weights, stages), shapes=shapes)
        assert planned(plan_step(card(10), RAM, one, policy=Policy(Offload.NEVER))).tiled is tiled
