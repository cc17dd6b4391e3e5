"""The plans of the catalogue's job types on usual cards are those of the checked-in table.

After an intended change: `GOLDEN_WRITE=1 pytest` rewrites the table; read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.image_to_image import Hires
from darkroom_schemas.inputs import InputFile
from gpu_worker.domain.memory.card import CONTEXT_BYTES, CUDA, Card
from gpu_worker.domain.memory.measured import Peaks
from gpu_worker.domain.memory.plan import GIGABYTE, Demand, Plan, Policy, Refusal
from gpu_worker.domain.memory.planner import plan_step
from gpu_worker.models.demands import local_job_types, stage_shapes, usual_payload
from gpu_worker.models.footprint_book import shipped_book
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.models.survey import all_footprints

TABLE = Path(__file__).parent / "golden_plans.txt"
CARDS_GIB = (8, 10, 12, 16, 24, 48, 80)
RAM = 62 * GIGABYTE

PROFILE = load_profile("full")
FOOTPRINTS = all_footprints(PROFILE, {}, shipped_book(), Peaks(), on_cpu=False)


def card(gib: int) -> Card:
    total = gib * 1024**3
    return Card(CUDA, f"{gib} GiB", total, total - CONTEXT_BYTES)


def demands() -> dict[str, Demand]:
    """Return the step of each job type, and SDXL steps with one and four images, from a picture, and in two passes."""
    fast = CATALOGUE["sdxl_image_fast"]
    payloads = {job_type.name: usual_payload(job_type) for job_type in local_job_types(PROFILE.models)}
    for images in (1, 4):
        payloads[f"sdxl, images: {images}"] = usual_payload(fast, images)
    file = InputFile(key="k", mime_type="image/png", size_bytes=1)
    payloads["sdxl, img2img"] = usual_payload(fast).model_copy(update={"init_image": file})
    payloads["sdxl, hires latent"] = usual_payload(fast).model_copy(update={"hires": Hires(scale=2)})
    lanczos = Hires(scale=2, upscaler="lanczos")
    payloads["sdxl, hires lanczos"] = usual_payload(fast).model_copy(update={"hires": lanczos})
    return {
        name: Demand(payload.model, FOOTPRINTS[payload.model], stage_shapes(payload))
        for name, payload in payloads.items()
    }


def line(name: str, answer: Plan | Refusal) -> str:
    if isinstance(answer, Refusal):
        return f"  {name:24} refused: {answer}"
    decode = "tiled" if answer.tiled else "whole"
    return (
        f"  {name:24} {answer.placement.value:14} batch {answer.batch}  decode {decode}  "
        f"peak {answer.peak_bytes / GIGABYTE:5.1f} GB  ram {answer.ram_bytes / GIGABYTE:4.1f} GB"
    )


def table() -> str:
    lines = []
    for gib in CARDS_GIB:
        lines.append(f"{gib} GiB card, {card(gib).usable_bytes / GIGABYTE:.1f} GB usable")
        lines += [line(name, plan_step(card(gib), RAM, demand, policy=Policy())) for name, demand in demands().items()]
    return "\n".join([*lines, ""])


def test_the_plans_are_those_of_the_table() -> None:
    if os.environ.get("GOLDEN_WRITE"):
        TABLE.write_text(table())
    assert table() == TABLE.read_text()


@pytest.mark.parametrize("gib", CARDS_GIB)
def test_no_plan_is_larger_than_its_card(gib: int) -> None:
    for demand in demands().values():
        answer = plan_step(card(gib), RAM, demand)
        assert isinstance(answer, Refusal) or answer.peak_bytes <= card(gib).usable_bytes
