"""`make bench-autoscaling`: what scaling on queued work costs and gains beside scaling on queue length, simulated."""

import json
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from arrivals import PATTERNS, Kind, arrivals
from fleet import Fleet, Load, Outcome, Policy

KINDS: Mapping[str, tuple[Kind, float, float, float, int]] = {
    "image": (Kind(8, 14), 1.0, 60, 240, 8),
    "video": (Kind(90, 160), 0.1, 180, 600, 16),
}
"""By name: service times, share of the arrivals, then the two thresholds and the most workers of its ScaledObject."""
COLD_STARTS_S = (30, 120, 300)
STEPS_PER_WORKER = 5
"""Threshold of the policy by queue length, KEDA's default for lists."""


def by_work(per_worker_s: float, upper_s: float) -> Policy:
    """Return the policy of deploy/kubernetes/components/autoscaling."""

    def workers(load: Load) -> float:
        steps = load.waiting + load.running
        return max(steps * load.median_s / per_worker_s, steps * load.slow_s / upper_s)

    return workers


def by_length(load: Load) -> float:
    """Return one worker for each five steps that wait or run."""
    return (load.waiting + load.running) / STEPS_PER_WORKER


@dataclass(frozen=True, slots=True)
class Row:
    """One run. Waits are those of users, not of a flood."""

    pattern: str
    kind: str
    cold_start_s: int
    policy: str
    wait_mean_s: float
    wait_p95_s: float
    wait_max_s: float
    gpu_hours: float
    starts: int
    most_workers: int


def rows(seed: int, patterns: Sequence[str] = tuple(PATTERNS)) -> Iterator[Row]:
    """Run every combination of these patterns."""
    for pattern in patterns:
        for name, (kind, scale, per_worker_s, upper_s, most) in KINDS.items():
            length_s, steps = arrivals(pattern, kind, scale=scale, seed=seed)
            policies = {"work": by_work(per_worker_s, upper_s), "length": by_length}
            for cold_start_s in COLD_STARTS_S:
                for policy_name, policy in policies.items():
                    fleet = Fleet(
                        policy, cold_start_s=cold_start_s, most=most, median_s=kind.median_s, slow_s=kind.slow_s
                    )
                    yield _row(pattern, name, cold_start_s, policy_name, fleet.run(length_s, steps))


def _row(pattern: str, kind: str, cold_start_s: int, policy: str, outcome: Outcome) -> Row:
    waits = sorted(outcome.waits_s["users"])
    return Row(
        pattern=pattern,
        kind=kind,
        cold_start_s=cold_start_s,
        policy=policy,
        wait_mean_s=round(statistics.fmean(waits), 1),
        wait_p95_s=waits[math.ceil(0.95 * len(waits)) - 1],
        wait_max_s=waits[-1],
        gpu_hours=round(outcome.worker_s / 3600, 2),
        starts=outcome.starts,
        most_workers=outcome.most,
    )


def main(
    seed: Annotated[int, typer.Option(help="Arrivals and service times follow from it.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print a row for each pattern, kind of work, cold start and policy."""
    found = list(rows(seed))
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in found], indent=1))
        return
    typer.echo(
        "| Arrivals | Work | Cold start | Policy | Wait, mean | 95 % | most | GPU hours | Starts | Most workers |"
    )
    typer.echo("|---|---|---|---|---|---|---|---|---|---|")
    for row in found:
        typer.echo(
            f"| {row.pattern} | {row.kind} | {row.cold_start_s} s | {row.policy} | {row.wait_mean_s:.0f} s "
            f"| {row.wait_p95_s:.0f} s | {row.wait_max_s:.0f} s | {row.gpu_hours} | {row.starts} | {row.most_workers} |"
        )


if __name__ == "__main__":
    typer.run(main)
