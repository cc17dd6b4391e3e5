"""Bodies of requests for an image, and what their answers contain."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import A1111Payload

from gpu_worker.connectors.server_faults import BadAnswer
from gpu_worker.domain.failures import Failure

_FIELDS_OF = {"init_images": "init_image", "mask": "mask_image"}


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the server says about an image; None where it does not."""

    seed: int | None = None
    model: str | None = None
    version: str | None = None


def route_of(payload: A1111Payload) -> str:
    """Return the last part of the route."""
    return "txt2img" if payload.init_image is None else "img2img"


def body_of(
    payload: A1111Payload, seed: int, title: str | None, images: Mapping[str, Path], task_id: str
) -> dict[str, Any]:
    """Return the body of the request for one image; `title` is the checkpoint's, `images` are input files by field.

    Raises an INVALID_PAYLOAD Failure for options that would make the server read a file or a URL, and for a mask alone.
    """
    if "mask_image" in images and "init_image" not in images:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, "mask_image: needs an init_image, which it is for")
    for name, own in _FIELDS_OF.items():
        if name in payload.options:
            raise Failure(StepErrorCode.INVALID_PAYLOAD, f"options.{name}: the image must be in `{own}`")
    body: dict[str, Any] = dict(payload.options) | {
        "prompt": payload.prompt,
        "negative_prompt": payload.negative_prompt,
        "width": payload.width,
        "height": payload.height,
        "steps": payload.steps,
        "cfg_scale": payload.cfg_scale,
        "seed": seed,
        "batch_size": 1,
        "n_iter": 1,
        "send_images": True,
        "save_images": False,
        "force_task_id": task_id,
    }
    chosen = {
        "sampler_name": payload.sampler_name,
        "scheduler": payload.scheduler,
        "denoising_strength": payload.denoising_strength,
    }
    body |= {name: value for name, value in chosen.items() if value is not None}
    if title is not None:
        settings = payload.options.get("override_settings")
        body["override_settings"] = (settings if isinstance(settings, dict) else {}) | {"sd_model_checkpoint": title}
    if "init_image" in images:
        body["init_images"] = [_encoded(images["init_image"])]
    if "mask_image" in images:
        body["mask"] = _encoded(images["mask_image"])
    return body


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def recorded(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a body that belongs in a recipe: without the images that the job brought."""
    left_out = {"init_images", "mask", "force_task_id", "send_images", "save_images"}
    return {name: value for name, value in body.items() if name not in left_out}


def write_image(answer: Mapping[str, Any], path: Path, max_bytes: int) -> None:
    """Write the image of an answer. Others that follow it are inputs of extensions. Blocks.

    Raises BadAnswer, and an OUTPUT_TOO_LARGE Failure.
    """
    images = answer.get("images")
    text = images[0] if isinstance(images, list) and images else None
    if not isinstance(text, str):
        raise BadAnswer("The server's answer has no image")
    content = decoded(text)
    if len(content) > max_bytes:
        raise Failure(StepErrorCode.OUTPUT_TOO_LARGE, f"An image is larger than {max_bytes:,} bytes")
    path.write_bytes(content)


def decoded(text: str) -> bytes:
    """Return the bytes of an image in Base64, with or without `data:image/png;base64,`; raises BadAnswer."""
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        raise BadAnswer("The server's image is not valid Base64") from None


def info_of(answer: Mapping[str, Any]) -> ImageInfo:
    """Read `info`, which is JSON as a text, an object, or empty."""
    info = answer.get("info")
    if isinstance(info, str):
        try:
            info = json.loads(info)
        except (ValueError, RecursionError):
            info = None
    if not isinstance(info, dict):
        return ImageInfo()
    seed, model, version = info.get("seed"), info.get("sd_model_name"), info.get("version")
    return ImageInfo(
        seed=seed if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 else None,
        model=model if isinstance(model, str) else None,
        version=version if isinstance(version, str) else None,
    )
