"""Explains why a step waits, and estimates its start from live workers, steps ahead and measured service times."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from darkroom_schemas.ids import StepId, WorkerId
from darkroom_schemas.worker import Capabilities, Requirements
from pydantic import ValidationError

from darkroom_queue.client import QueueClient
from darkroom_queue.lua import load

_WHY = load("why")
ENOUGH_MEASUREMENTS = 5


class WaitReason(StrEnum):
    """The first reason why a step has not started."""

    DELAYED = "delayed"
    """The step is scheduled for later, or backing off before a retry."""
    PAUSED = "paused"
    """An operator has paused its type, or the whole queue."""
    UNWORKABLE = "unworkable"
    """No live worker satisfies its requirements. `Waiting.missing` lists what is missing."""
    NO_ROOM = "no_room"
    """The queue has not accepted it, because the limit of classes is reached. Its owner submits it again later."""
    BEHIND_OTHERS = "behind_others"
    """Earlier steps of its tenant, or steps of other tenants, come first."""
    NEXT = "next"
    """It is the next step and starts when a worker is free."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a step waits. `start_in_s` is an interval in seconds, None until service times of its type are known."""

    reason: WaitReason
    matching_workers: int
    """Live workers that may run it now; those that it avoids are not counted."""
    ahead: int
    """Earlier steps of the same tenant and class."""
    tenants: int
    """Tenants with waiting steps in the pool."""
    due_at_ms: int | None
    missing: tuple[str, ...]
    """Requirements that the closest live worker does not satisfy, as text. Empty if some worker fits."""
    start_in_s: tuple[float, float] | None
    avoids_worker: WorkerId | None = None
    """The worker whose device failed the last attempt, while another one can run the step; see `avoids_until_ms`."""
    avoids_until_ms: int | None = None


class Insight:
    """Explains waiting steps of one shard."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    async def random_step(self) -> StepId | None:
        """Return a random step that has not ended; None if there is none."""
        found: str | None = await self._client.command("HRANDFIELD", self._client.keys.steps)
        return StepId(found) if found else None

    async def some_steps(self, limit: int) -> list[StepId]:
        """Return about `limit` steps that have not ended, in no order."""
        found: list[str] = []
        cursor = "0"
        while len(found) < limit:
            cursor, page = await self._client.command(
                "HSCAN", self._client.keys.steps, cursor, "COUNT", min(limit, 200), "NOVALUES"
            )
            found += page
            if cursor == "0":
                break
        return [StepId(step_id) for step_id in found[:limit]]

    async def why_waiting(self, step_id: StepId) -> Waiting | None:
        """Explain why a step waits; None if it is running, ended or unknown."""
        answer = await self._client.run(_WHY, step_id)
        if not answer:
            return None
        if answer[0] == WaitReason.NO_ROOM:
            return Waiting(
                reason=WaitReason.NO_ROOM, matching_workers=0, ahead=0, tenants=1, due_at_ms=None, start_in_s=None,
                missing=("room for one more kind of requirements",),
            )  # fmt: skip
        state, due, workers, ahead, tenants, waiting, requirements, abilities, _, histogram, avoided, avoided_until = (
            answer
        )
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
            avoids_worker=WorkerId(avoided) if avoided else None,
            avoids_until_ms=int(avoided_until) if avoided else None,
        )

    async def service_times(self, step_types: Sequence[str]) -> dict[str, tuple[float, float] | None]:
        """Return the median and 90th percentile of each type in seconds; None below 5 measurements."""
        async with self._client.redis_py.pipeline(transaction=False) as pipe:
            for name in step_types:
                pipe.hgetall(self._client.keys.service_times(name))
            histograms: list[dict[str, str]] = await self._client.guard(pipe.execute())
        counted = [{int(bucket): int(count) for bucket, count in found.items()} for found in histograms]
        return dict(zip(step_types, map(quantiles, counted), strict=True))


def _readable(abilities: Sequence[str]) -> list[Capabilities]:
    """Parse capabilities, omitting damaged ones, which concern only one of many workers."""
    found = []
    for text in abilities:
        with suppress(ValidationError):
            found.append(Capabilities.model_validate_json(text))
    return found


def fits(need: Requirements, can: Capabilities) -> bool:
    """Whether a worker with these capabilities satisfies the requirements."""
    return not _lack(need, can)


def nearest_lack(need: Requirements, live: Sequence[Capabilities]) -> tuple[str, ...]:
    """Describe what the closest worker lacks, or that there is no worker."""
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
    """Return the median and 90th percentile in seconds; None below 5 measurements.

    Bucket b of the histogram contains times from 2^(b/2) to 2^((b+1)/2) ms.
    """
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
    """Return lower and upper bound of the time to the start, in seconds.

    Lower bound: only the tenant's earlier steps come first, each with the median time. Upper bound: all other tenants
    have a step between any two of them, each step takes the 90th percentile, and all workers have just started one.
    """
    typical, slow = times_s
    before = min(max(waiting - 1, ahead), ahead * tenants + tenants - 1)
    return ahead * typical / workers, (before / workers + 1) * slow
