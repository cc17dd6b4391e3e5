"""Why a step waits and how long it may: from live workers, what is ahead, and measured service times."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from darkroom_schemas.ids import StepId
from darkroom_schemas.worker import Capabilities, Requirements
from pydantic import ValidationError

from darkroom_queue.client import QueueClient
from darkroom_queue.lua import load

_WHY = load("why")
ENOUGH_MEASUREMENTS = 5


class WaitReason(StrEnum):
    """The first thing that stands between a step and its start."""

    DELAYED = "delayed"
    """It is scheduled, or backs off before a retry."""
    PAUSED = "paused"
    """An operator has paused its type, or everything."""
    UNWORKABLE = "unworkable"
    """No live worker can run it; `Waiting.missing` says what it would take."""
    NO_ROOM = "no_room"
    """It is not in the queue yet: there are too many kinds of requirements. Its owner submits it again later."""
    BEHIND_OTHERS = "behind_others"
    """Its tenant's earlier steps, or other tenants' shares, come first."""
    NEXT = "next"
    """It is the next of its tenant and starts as soon as a worker has a free hand."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why one step waits. `start_in_s` is an interval, None until service times of its type were measured."""

    reason: WaitReason
    matching_workers: int
    ahead: int
    """Steps of the same tenant and kind that come first."""
    tenants: int
    """Tenants that share the pool."""
    due_at_ms: int | None
    missing: tuple[str, ...]
    """What the nearest live worker lacks, in words; empty if some worker fits."""
    start_in_s: tuple[float, float] | None


class Insight:
    """Answers questions about waiting steps of one shard."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    async def random_step(self) -> StepId | None:
        """Return any step that has not ended; None if there is none."""
        found: str | None = await self._client.command("HRANDFIELD", self._client.keys.steps)
        return StepId(found) if found else None

    async def why_waiting(self, step_id: StepId) -> Waiting | None:
        """Explain why a step waits; None if it does not (it runs, has ended, or is unknown)."""
        answer = await self._client.run(_WHY, step_id)
        if not answer:
            return None
        if answer[0] == WaitReason.NO_ROOM:
            return Waiting(
                reason=WaitReason.NO_ROOM, matching_workers=0, ahead=0, tenants=1, due_at_ms=None, start_in_s=None,
                missing=("room for one more kind of requirements",),
            )  # fmt: skip
        state, due, workers, ahead, tenants, waiting, requirements, abilities, _, histogram = answer
        need = Requirements.model_validate_json(requirements)
        missing = () if workers else nearest_lack(need, _readable(abilities))
        times = quantiles(dict(zip(map(int, histogram[::2]), map(int, histogram[1::2]), strict=True)))
        reason = WaitReason.BEHIND_OTHERS if ahead or tenants > 1 else WaitReason.NEXT
        if state in {"delayed", "paused"}:
            reason = WaitReason(state)
        elif not workers:
            reason = WaitReason.UNWORKABLE
        known = times is not None and workers and state == "queued"
        return Waiting(
            reason=reason,
            matching_workers=workers,
            ahead=ahead,
            tenants=tenants,
            due_at_ms=int(float(due)) if state == "delayed" else None,
            missing=missing,
            start_in_s=start_interval(times, ahead, tenants, waiting, workers) if known and times else None,
        )

    async def service_times(self, step_types: Sequence[str]) -> dict[str, tuple[float, float] | None]:
        """Return the median and the 90th percentile of each type in seconds; None while few were measured."""
        async with self._client.redis_py.pipeline(transaction=False) as pipe:
            for name in step_types:
                pipe.hgetall(self._client.keys.service_times(name))
            histograms: list[dict[str, str]] = await self._client.guard(pipe.execute())
        counted = [{int(bucket): int(count) for bucket, count in found.items()} for found in histograms]
        return dict(zip(step_types, map(quantiles, counted), strict=True))


def _readable(abilities: Sequence[str]) -> list[Capabilities]:
    """Leave out what is damaged: it belongs to one of many workers."""
    found = []
    for text in abilities:
        with suppress(ValidationError):
            found.append(Capabilities.model_validate_json(text))
    return found


def fits(need: Requirements, can: Capabilities) -> bool:
    """Tell whether a worker that can do this much can do that step."""
    return not _lack(need, can)


def nearest_lack(need: Requirements, live: Sequence[Capabilities]) -> tuple[str, ...]:
    """Say what the worker that comes closest lacks; without any worker, that there is none."""
    if not live:
        return ("no worker is registered",)
    return min((_lack(need, can) for can in live), key=len)


def _lack(need: Requirements, can: Capabilities) -> tuple[str, ...]:
    lists = (
        ("type", (need.type,), can.types),
        ("model", need.models, can.models),
        ("custom node", need.custom_nodes, can.custom_nodes),
        ("tag", need.tags, can.tags),
        ("back end", (need.backend,) if need.backend else (), can.backends),
    )
    lack = [f"{name} {word}" for name, wanted, offered in lists for word in wanted if word not in offered]
    if need.vram_gb > can.vram_gb:
        lack.append(f"{need.vram_gb} GB of GPU memory instead of {can.vram_gb}")
    return tuple(lack)


def quantiles(histogram: dict[int, int]) -> tuple[float, float] | None:
    """Return the median and the 90th percentile in seconds; bucket b of the histogram is 2^(b/2) ms, rounded down."""
    total = sum(histogram.values())
    if total < ENOUGH_MEASUREMENTS:
        return None

    def at(share: float) -> float:
        passed = 0
        for bucket in sorted(histogram):
            passed += histogram[bucket]
            if passed >= share * total:
                return float(2 ** ((bucket + 1) / 2)) / 1000
        raise AssertionError("the shares add up to 1")

    return at(0.5), at(0.9)


def start_interval(
    times_s: tuple[float, float], ahead: int, tenants: int, waiting: int, workers: int
) -> tuple[float, float]:
    """Bound the time to the start, in seconds.

    At best only the tenant's own earlier steps come first and run at the median time. At worst every other tenant has
    its turn between any two of them, all run at the 90th percentile, and the workers have just begun something.
    """
    typical, slow = times_s
    before = min(max(waiting - 1, ahead), ahead * tenants + tenants - 1)
    return ahead * typical / workers, (before / workers + 1) * slow
