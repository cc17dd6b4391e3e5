"""The catalogue of all job types. A new type is an entry here and, for a new back end, a connector."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field, computed_field

from darkroom_schemas.base import Wire
from darkroom_schemas.payload import Family
from darkroom_schemas.remote_payloads import SAFE_METHODS
from darkroom_schemas.worker import Requirements

MEGABYTE = 1_000_000
SDXL = "sdxl-base-1.0"
WAN = "wan2.1-t2v-1.3b"
QWEN = "qwen2.5-7b-instruct"


class Connector(StrEnum):
    """What executes a step: Darkroom's pipelines (`local`) or an external back end."""

    LOCAL = "local"
    COMFYUI = "comfyui"
    A1111 = "a1111"
    OLLAMA = "ollama"
    OPENAI = "openai"
    HTTP = "http"
    SIMULATED = "simulated"


class JobType(Wire):
    """One entry of the catalogue. Sizes in pixels, prices in thousandths of a credit per output."""

    name: str
    label: str
    connector: Connector
    family: Family | None = None
    model: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    sampler: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    fps: int | None = None
    outputs: int = Field(default=1, ge=1)
    mime_type: str
    bucket: str
    max_output_bytes: int
    price_mc: int = Field(ge=0)
    enhanced: bool = False
    enhance_price_mc: int = 0
    timeout_s: int = 900
    vram_gb: int = 0
    expected_s: float
    """Service time on a 48 GB GPU, in seconds: the cost estimate until the queue has measured the service time."""
    needs_credential: bool = False

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form; mypy has no decorated properties
    @property
    def is_sdxl(self) -> bool:
        """Whether this is an SDXL type."""
        return self.family is Family.SDXL

    @property
    def takes_negative_prompt(self) -> bool:
        """Whether the type draws on one of Darkroom's own models."""
        return self.family not in {None, Family.PROMPT}

    @property
    def returns_text(self) -> bool:
        """Whether the result is text rather than stored files."""
        return self.mime_type.startswith(("text/", "application/json"))

    @property
    def requirements(self) -> Requirements:
        """Return the requirements of the type's steps. Memory is not one: workers offer only types that fit."""
        return Requirements(type=self.name, models=(self.model,) if self.model else ())

    def is_repeatable(self, payload: Mapping[str, Any]) -> bool:
        """Whether a step may run twice: it uses no paid API and makes no request with side effects."""
        changes = self.connector is Connector.HTTP and payload.get("method", "GET") not in SAFE_METHODS
        return not self.needs_credential and not changes

    @property
    def total_price_mc(self) -> int:
        """Price of a completely delivered job, in thousandths of a credit."""
        return self.price_mc * self.outputs + self.enhance_price_mc


def _sdxl(name: str, label: str, *, steps: int, limit_mb: int, price_mc: int, expected_s: float) -> JobType:
    return JobType(
        name=name, label=label, connector=Connector.LOCAL, family=Family.SDXL, model=SDXL, steps=steps,
        guidance_scale=7.0, sampler="DPM++ 2M Karras", width=1024, height=1024, outputs=6, mime_type="image/png",
        bucket=name, max_output_bytes=limit_mb * MEGABYTE, price_mc=price_mc, vram_gb=12, expected_s=expected_s,
    )  # fmt: skip


def _wan(
    name: str, label: str, *, steps: int, frames: int = 1, limit_mb: int, price_mc: int, expected_s: float,
    enhanced: bool = False,
) -> JobType:  # fmt: skip
    video = frames > 1
    return JobType(
        name=name, label=label, connector=Connector.LOCAL, family=Family.WAN_VIDEO if video else Family.WAN_IMAGE,
        model=WAN, steps=steps, guidance_scale=5.0, sampler="UniPC", width=480, height=832,
        frames=frames if video else None, fps=16 if video else None, mime_type="video/mp4" if video else "image/png",
        bucket=name, max_output_bytes=limit_mb * MEGABYTE, price_mc=price_mc, enhanced=enhanced,
        enhance_price_mc=500 if enhanced else 0, vram_gb=10, expected_s=expected_s,
    )  # fmt: skip


def _remote(
    name: str, label: str, connector: Connector, *, mime_type: str, price_mc: int, expected_s: float,
    needs_credential: bool = False,
) -> JobType:  # fmt: skip
    return JobType(
        name=name, label=label, connector=connector, mime_type=mime_type, bucket=name,
        max_output_bytes=100 * MEGABYTE, price_mc=price_mc, expected_s=expected_s, needs_credential=needs_credential,
    )  # fmt: skip


_ENTRIES = (
    _sdxl("sdxl_image_fast", "SDXL, fast", steps=15, limit_mb=5, price_mc=250, expected_s=29.9),
    _sdxl("sdxl_image_high", "SDXL, high quality", steps=25, limit_mb=10, price_mc=500, expected_s=42.4),
    _wan("image_fast", "WAN still, fast", steps=25, limit_mb=5, price_mc=500, expected_s=73),
    _wan("image_high", "WAN still, high quality", steps=50, limit_mb=10, price_mc=750, expected_s=90),
    _wan("video_fast", "WAN video, 5 s", steps=25, frames=81, limit_mb=50, price_mc=5000, expected_s=241.4),
    _wan("video_high", "WAN video, 6 s", steps=50, frames=97, limit_mb=200, price_mc=8000, expected_s=360),
    _wan("image7b_fast_enhanced", "WAN still, fast, prompt enhanced", steps=25, limit_mb=20, price_mc=500,
         expected_s=233.5, enhanced=True),
    _wan("image7b_high_enhanced", "WAN still, high quality, prompt enhanced", steps=50, limit_mb=20, price_mc=750,
         expected_s=104, enhanced=True),
    _wan("video7b_fast_enhanced", "WAN video, 5 s, prompt enhanced", steps=25, frames=81, limit_mb=100,
         price_mc=5000, expected_s=266.1, enhanced=True),
    _wan("video7b_high_enhanced", "WAN video, 6 s, prompt enhanced", steps=50, frames=97, limit_mb=100,
         price_mc=8000, expected_s=361, enhanced=True),
    JobType(name="prompt_enhance", label="Prompt enhancement", connector=Connector.LOCAL, family=Family.PROMPT,
            model=QWEN, mime_type="text/plain", bucket="prompt_enhance", max_output_bytes=MEGABYTE, price_mc=500,
            vram_gb=16, expected_s=14),
    _remote("comfyui", "ComfyUI workflow", Connector.COMFYUI, mime_type="image/png", price_mc=1000, expected_s=30),
    _remote("a1111", "A1111 / Forge image", Connector.A1111, mime_type="image/png", price_mc=500, expected_s=15),
    _remote("ollama_chat", "Ollama chat", Connector.OLLAMA, mime_type="text/plain", price_mc=100, expected_s=10),
    _remote("openai_chat", "OpenAI-like chat", Connector.OPENAI, mime_type="text/plain", price_mc=500, expected_s=10,
            needs_credential=True),
    _remote("openai_image", "OpenAI-like image", Connector.OPENAI, mime_type="image/png", price_mc=4000,
            expected_s=20, needs_credential=True),
    _remote("stability_api", "Stability image", Connector.HTTP, mime_type="image/png", price_mc=4000, expected_s=15,
            needs_credential=True),
    _remote("fetch_api", "HTTP request", Connector.HTTP, mime_type="application/json", price_mc=0, expected_s=2),
    _remote("simulation", "Simulated work", Connector.SIMULATED, mime_type="application/json", price_mc=0,
            expected_s=1),
)  # fmt: skip

CATALOGUE: dict[str, JobType] = {entry.name: entry for entry in _ENTRIES}

OURVIDZ_TYPES: tuple[str, ...] = tuple(entry.name for entry in _ENTRIES[:10])
"""The ten types of the OurVidz dialect, in its documented order."""
