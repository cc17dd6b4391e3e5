"""What tests of the StableQueue dialect submit, and workers for it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from darkroom_queue import StepContext
from darkroom_schemas.step import ClaimedStep, StepOutput, StepResult
from support.platform import Account

PARAMS = {
    "positive_prompt": "a beautiful landscape",
    "negative_prompt": "ugly, blurry",
    "checkpoint_name": "models/Pony/cyberrealisticPony_v8.safetensors",
    "width": 512,
    "height": 512,
    "steps": 20,
    "cfg_scale": 7,
    "sampler_name": "Euler",
    "restore_faces": False,
    "scheduler_or_quality_preset": "Balanced",
}
MODEL = "cyberrealisticPony_v8"
PLAIN = {"positive_prompt": "a lighthouse", "width": 512, "height": 512, "steps": 10}


def job(params: object = None, **changed: Any) -> dict[str, Any]:
    """Make a request."""
    return {"target_server_alias": "Main", "generation_params": PLAIN if params is None else params} | changed


@dataclass
class HeldWorker:
    """A handler that keeps each step until it is let go, and remembers what it got."""

    steps: list[ClaimedStep] = field(default_factory=list)
    claimed: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, context: StepContext) -> StepResult:
        self.steps.append(context.step)
        self.claimed.set()
        await self.release.wait()
        outputs = tuple(
            StepOutput(key=f"{context.step.id}/{i}.png", index=i, mime_type="image/png", size_bytes=1, sha256="0" * 64)
            for i, _ in enumerate(context.step.payload.get("seeds", [0]))
        )
        return StepResult(outputs=outputs)


async def submit(account: Account, params: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """Submit a job and return the answer."""
    answer = await account.http.post("/api/v2/generate", json=job(params, **changed))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def status(account: Account, job_id: str) -> dict[str, Any]:
    """Read a job."""
    answer = await account.http.get(f"/api/v2/jobs/{job_id}/status")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["job"])
