"""Plans the memory of a step. One planner answers the machine check, the registration and every step.

A plan never assigns more than the card has free, and never evicts a leased model. It prefers, in this order: decoding
whole, denoising the whole batch, the fastest placement, and keeping the models that were used last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gpu_worker.domain.memory.card import CPU, Card, Resident
from gpu_worker.domain.memory.footprint import Shape, StageName
from gpu_worker.domain.memory.placement import (
    Placement,
    bytes_between_steps,
    bytes_during,
    placements_of,
    ram_bytes,
)
from gpu_worker.domain.memory.plan import Demand, Offload, Plan, Policy, Refusal

_WORK_MARGIN = 1.08
"""Allocators round sizes up and leave gaps: 8 % of the work."""


@dataclass(frozen=True, slots=True)
class _Room:
    """What a step may use once everything that may be evicted is evicted."""

    device_bytes: int
    ram_bytes: int


def plan_step(
    card: Card, free_ram_bytes: int, demand: Demand, residents: Sequence[Resident] = (), policy: Policy | None = None
) -> Plan | Refusal:
    """Return the best plan for a step, or why there is none. `residents` are the loaded models, least recent first.

    `free_ram_bytes` is the main memory that is available beside the loaded models.
    """
    policy = policy or Policy()
    others = [resident for resident in residents if resident.name != demand.model]
    own_ram = sum(resident.ram_bytes for resident in residents if resident.name == demand.model)
    leased = sum(resident.device_bytes for resident in others if resident.leased)
    evictable_ram = sum(resident.ram_bytes for resident in others if not resident.leased)
    room = _Room(card.usable_bytes - card.reserve_bytes - leased, free_ram_bytes + own_ram + evictable_ram)
    answers = [_try(placement, demand, room, policy, card) for placement in _allowed(card, demand, policy)]
    plans = [answer for answer in answers if isinstance(answer, Plan)]
    if not plans:
        return min((answer for answer in answers if isinstance(answer, Refusal)), key=_shortage)
    best = min(plans, key=lambda plan: (plan.tiled and not policy.tiling, -plan.batch))
    return replace(best, evict=tuple(_evictions(card, free_ram_bytes + own_ram, demand, best, others)))


def least_demand(demand: Demand) -> Demand:
    """Return the same demand for a batch of one."""
    shapes = dict(demand.shapes)
    if StageName.DENOISE in shapes:
        shapes[StageName.DENOISE] = replace(shapes[StageName.DENOISE], batch=1)
    return replace(demand, shapes=shapes)


def _allowed(card: Card, demand: Demand, policy: Policy) -> tuple[Placement, ...]:
    possible = placements_of(demand.footprint)
    if card.kind == CPU or policy.offload is Offload.NEVER or len(possible) == 1:
        return (Placement.RESIDENT,)
    return (Placement.OFFLOADED,) if policy.offload is Offload.ALWAYS else possible


def _try(placement: Placement, demand: Demand, room: _Room, policy: Policy, card: Card) -> Plan | Refusal:
    """Return the plan with this placement that changes the output least, or what is too large for it."""
    kept = ram_bytes(demand.footprint, placement)
    ram = demand.ram_bytes(kept)
    if card.kind != CPU and ram > room.ram_bytes:
        return Refusal(ram, room.ram_bytes, "main memory for the weights")
    batch = _largest_batch(placement, demand, room, policy)
    decode = _decode_stage(placement, demand, room, policy)
    stages = dict(_stages(demand, batch or 1, decode))
    needs = {stage: _need(placement, demand, stage, shape) for stage, shape in stages.items()}
    largest = max(needs, key=lambda stage: needs[stage])
    if needs[largest] > room.device_bytes:
        return Refusal(
            needs[largest] + card.reserve_bytes, max(0, room.device_bytes + card.reserve_bytes), _what(card, largest)
        )
    return Plan(
        placement=placement,
        tiled=decode is StageName.DECODE_TILED,
        batch=batch or 1,
        peak_bytes=needs[largest] + card.reserve_bytes,
        device_bytes=bytes_between_steps(demand.footprint, placement),
        ram_bytes=kept,
    )


def _largest_batch(placement: Placement, demand: Demand, room: _Room, policy: Policy) -> int | None:
    """Return the largest batch that fits, None if not even one image does."""
    shape = demand.shapes.get(StageName.DENOISE)
    if shape is None:
        return 1
    for batch in range(min(shape.batch, policy.max_batch), 0, -1):
        if _need(placement, demand, StageName.DENOISE, replace(shape, batch=batch)) <= room.device_bytes:
            return batch
    return None


def _decode_stage(placement: Placement, demand: Demand, room: _Room, policy: Policy) -> StageName | None:
    """Return the whole decode if it fits and tiles are not asked for, else the tiled one if there is one.

    A step that also encodes an image does both in the same way.
    """
    if StageName.DECODE not in demand.shapes:
        return None
    if StageName.DECODE_TILED not in demand.footprint.stages:
        return StageName.DECODE
    whole = [stage for stage in (StageName.DECODE, StageName.ENCODE_IMAGE) if stage in demand.shapes]
    fits = all(_need(placement, demand, stage, demand.shapes[stage]) <= room.device_bytes for stage in whole)
    return StageName.DECODE if fits and not policy.tiling else StageName.DECODE_TILED


def _stages(demand: Demand, batch: int, decode: StageName | None) -> Iterator[tuple[StageName, Shape]]:
    for stage, shape in demand.shapes.items():
        if stage is StageName.DENOISE:
            yield stage, replace(shape, batch=batch)
        elif stage is StageName.DECODE and decode is not None:
            yield decode, shape
        elif stage is StageName.ENCODE_IMAGE and decode is StageName.DECODE_TILED:
            yield StageName.ENCODE_IMAGE_TILED, shape
        else:
            yield stage, shape


def _need(placement: Placement, demand: Demand, stage: StageName, shape: Shape) -> int:
    work = demand.footprint.stages[stage].work_bytes(shape)
    return bytes_during(demand.footprint, placement, stage) + round(work * _WORK_MARGIN)


def _evictions(
    card: Card, free_ram_bytes: int, demand: Demand, plan: Plan, others: Sequence[Resident]
) -> Iterator[str]:
    """Yield the models to evict, least recently used first, until the plan fits beside those that stay.

    It always fits in the end, because the room that the plan was made for leaves out leased models only.
    """
    device = plan.peak_bytes + sum(other.device_bytes for other in others) - card.usable_bytes
    ram = 0
    if card.kind != CPU:
        ram = demand.ram_bytes(plan.ram_bytes) - free_ram_bytes
    for other in others:
        if device <= 0 and ram <= 0:
            return
        frees = (device > 0 and other.device_bytes > 0) or (ram > 0 and other.ram_bytes > 0)
        if frees and not other.leased:
            device -= other.device_bytes
            ram -= other.ram_bytes
            yield other.name


def _shortage(refusal: Refusal) -> int:
    return refusal.needed_bytes - refusal.free_bytes


def _what(card: Card, stage: StageName) -> str:
    memory = "main memory" if card.kind == CPU else "GPU memory"
    return f"{memory} to {stage.value.replace('_', ' ').replace('tiled', 'in tiles')}"
