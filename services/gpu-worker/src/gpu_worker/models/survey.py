"""Plans every job type on an empty device: what the machine check reports is what the worker registers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gpu_worker.domain.memory.card import Card
from gpu_worker.domain.memory.footprint import Footprint
from gpu_worker.domain.memory.measured import Peaks, refined
from gpu_worker.domain.memory.plan import Demand, Plan, Policy, Refusal
from gpu_worker.domain.memory.planner import plan_step
from gpu_worker.models.demands import local_job_types, stage_shapes, usual_payload
from gpu_worker.models.footprint_book import Book
from gpu_worker.models.footprints import footprint_of, peak_key
from gpu_worker.models.profile import Profile


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The demand of a job type's usual step, and the planner's answer."""

    demand: Demand
    answer: Plan | Refusal


def survey(
    profile: Profile,
    card: Card,
    ram_bytes: int,
    footprints: Mapping[str, Footprint],
    policy: Policy,
) -> dict[str, Surveyed]:
    """Return the plan or the refusal of each job type of Darkroom's own pipelines that the profile has a model for.

    A batch may be split, and a step is planned on the device without other models, since these can be evicted.
    """
    found: dict[str, Surveyed] = {}
    for job_type in local_job_types(profile.models):
        payload = profile.fit(usual_payload(job_type))
        demand = Demand(payload.model, footprints[payload.model], stage_shapes(payload))
        found[job_type.name] = Surveyed(demand, plan_step(card, ram_bytes, demand, policy=policy))
    return found


def admitted(found: Mapping[str, Surveyed]) -> tuple[str, ...]:
    """Return the job types that have a plan: those that a worker takes."""
    return tuple(job_type for job_type, surveyed in found.items() if isinstance(surveyed.answer, Plan))


def all_footprints(
    profile: Profile, paths: Mapping[str, Path], book: Book, peaks: Peaks, *, on_cpu: bool
) -> dict[str, Footprint]:
    """Return the footprint of each model of a profile. `paths` has the files of those that are on this machine."""
    footprints = {}
    for name, entry in profile.models.items():
        footprint = footprint_of(entry, book, paths.get(name), on_cpu=on_cpu)
        footprints[name] = refined(footprint, peaks, peak_key(entry))
    return footprints
