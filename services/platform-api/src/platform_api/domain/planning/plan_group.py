"""Plans a group: one job type several times, each child with a seed of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from darkroom_schemas.groups.payload_seeds import group_seeds, seeded_payload, seeds_below
from darkroom_schemas.groups.policy import MUST_BE, Policy, policy_name
from darkroom_schemas.groups.seeds import SeedStrategy
from darkroom_schemas.worker import Capabilities

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.group_rules import GroupRules
from platform_api.domain.planning.plan import DEFAULT_PRIORITY, Plan, PlannedStep
from platform_api.domain.planning.plan_step import plan_steps

MAX_OUTPUTS = 200
"""Of a group: every event of the job contains all of its outputs."""


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """A request for `count` children of a job type, 1 to 100. `metadata` is stored with the job and not interpreted."""

    job_type: str
    payload: dict[str, Any]
    count: int
    strategy: SeedStrategy = SeedStrategy.RANDOM
    base_seed: int | None = None
    policy: Policy = field(default_factory=Policy)
    max_parallel: int | None = None
    priority: int = DEFAULT_PRIORITY
    metadata: dict[str, Any] = field(default_factory=dict)


def plan_group(request: GroupRequest, live: Sequence[Capabilities] = ()) -> Plan:
    """Validate and plan a group; raises `UnknownJobType` or `InvalidParameter`.

    The prompt of an enhanced type is enhanced once, for all children. `live` are the live workers.
    """
    job_type = request.job_type
    _check(request)
    seeds = group_seeds(job_type, request.strategy, request.base_seed, request.count)
    planned = [
        plan_steps(job_type, seeded_payload(job_type, request.payload, seed), None, where="payload", live=live)
        for seed in seeds
    ]
    before = planned[0][:-1]
    needs = tuple(range(len(before)))
    children = [replace(steps[-1], needs=needs) for steps in planned]
    if sum(child.outputs for child in children) > MAX_OUTPUTS:
        raise InvalidParameter("count", f"must not give more than {MAX_OUTPUTS} outputs in all")
    return Plan(
        job_type,
        (*before, *children),
        _parameters(request, seeds, children),
        request.priority,
        group_rules=GroupRules(len(before), request.policy.needed, request.max_parallel),
    )


def _check(request: GroupRequest) -> None:
    if request.policy.needed is not None and request.policy.needed > request.count:
        raise InvalidParameter("policy", MUST_BE)
    for name in ("seed", "seeds"):
        if name in request.payload:
            raise InvalidParameter(f"payload.{name}", "must be left out: `base_seed` and `seed_strategy` set the seeds")
    below = seeds_below(request.job_type)
    if request.base_seed is not None and request.base_seed >= below:
        raise InvalidParameter("base_seed", f"must be less than {below} for {request.job_type}")


def _parameters(request: GroupRequest, seeds: Sequence[int], children: Sequence[PlannedStep]) -> dict[str, Any]:
    """Return what is shown as the user's request."""
    prompt = request.payload.get("prompt")
    return {
        **request.metadata,
        **({"prompt": prompt} if isinstance(prompt, str) else {}),
        "seeds": list(seeds),
        "seed_strategy": request.strategy.value,
        "policy": policy_name(request.policy),
        "max_parallel": request.max_parallel,
        "children": len(children),
    }
