"""Image generation: https://platform.stability.ai/docs/api-reference, Stable Image, Generate."""

from pathlib import Path

import aiohttp
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import StabilityPayload

from gpu_worker.connectors.downloads import download
from gpu_worker.connectors.server_faults import BadAnswer, Refused, ServerFault, failure_of
from gpu_worker.connectors.session import ServerSession
from gpu_worker.domain.failures import Failure

_TIMEOUT_S = 300.0
_FILTERED = "CONTENT_FILTERED"


def form_of(payload: StabilityPayload) -> dict[str, str]:
    """Return the fields of the form. Without a seed the service chooses one."""
    fields = {"prompt": payload.prompt, "aspect_ratio": payload.aspect_ratio, "output_format": "png"}
    if payload.negative_prompt:
        fields["negative_prompt"] = payload.negative_prompt
    if payload.seed is not None:
        fields["seed"] = str(payload.seed)
    return fields


async def generate(session: ServerSession, payload: StabilityPayload, path: Path) -> int | None:
    """Write the image to a file and return the seed that the service used.

    Raises ServerFault, and Failure for an image that the service filtered or that is larger than `max_bytes`.
    """
    form = aiohttp.FormData(form_of(payload), default_to_multipart=True)
    async with session.open(
        "POST", f"/v2beta/stable-image/generate/{payload.service}", data=form, headers={"Accept": "image/*"},
        timeout_s=_TIMEOUT_S,
    ) as answer:  # fmt: skip
        if answer.headers.get("finish-reason") == _FILTERED:
            raise _filtered("The image was made, but not delivered")
        if not answer.content_type.startswith("image/"):
            raise BadAnswer(f"The service answered with {answer.content_type}, not with an image")
        await download(answer, path, payload.max_bytes)
        seed = answer.headers.get("seed", "")
    return int(seed) if seed.isascii() and seed.isdigit() else payload.seed


def stability_failure(fault: ServerFault) -> Failure:
    """Return the failure of an attempt. An error of the service (500) is not charged, so it may be repeated."""
    if isinstance(fault, Refused):
        name = fault.body.get("name") if isinstance(fault.body, dict) else None
        if name == "content_moderation":
            return _filtered(fault.detail)
        if fault.status == 402:
            return Failure(StepErrorCode.BACKEND, f"The account of the server's credential has no credits ({fault})")
    return failure_of(fault, repeatable=isinstance(fault, Refused) and fault.status == 500)


def _filtered(detail: str) -> Failure:
    return Failure(StepErrorCode.INVALID_PAYLOAD, f"The service's content filter refused the request: {detail}")
