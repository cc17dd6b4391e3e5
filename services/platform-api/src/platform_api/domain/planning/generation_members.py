"""Members of a generation that the model does not declare: those that change the picture are refused, others are kept.

A member that says "off" changes nothing, so clients may send their complete forms: null, false, 0, an empty value, or a
word such as None. Members that only matter beside a refused one (`mask_blur`, `hr_scale`) are kept as well.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.generation import is_chosen

MAX_MEMBERS = 100
"""How many further members a request may have, at each of its levels."""

CHANGE_THE_PICTURE = frozenset(
    {
        *("init_images", "init_image", "image", "firstpass_image", "reference_image", "mask", "latent_mask"),
        *("lora", "loras", "hypernetwork", "hypernetworks", "embeddings", "vae", "sd_vae", "clip_skip", "styles"),
        *("alwayson_scripts", "script_name", "controlnet", "controlnet_units", "ip_adapter", "override_settings"),
        *("enable_hr", "hires_fix", "refiner_checkpoint", "tiling", "subseed_strength", "distilled_cfg_scale"),
        *("seed_resize_from_w", "seed_resize_from_h", "eta", "s_churn", "s_min_uncond"),
    }
)
CHANGE_THE_SECOND_PASS = frozenset(
    {
        *("denoising_strength", "hr_scale", "hr_upscaler", "hr_second_pass_steps", "hr_resize_x", "hr_resize_y"),
        *("hr_sampler_name", "hr_scheduler", "hr_prompt", "hr_negative_prompt", "hr_checkpoint_name"),
    }
)
"""Of `enable_hires_fix`; without it they do nothing, since there is no first image to start from either."""
ALSO_OFF: Mapping[str, Any] = {"clip_skip": 1, "hr_scale": 2, "seed_resize_from_w": -1, "seed_resize_from_h": -1}
"""Values that change nothing, besides those that mean "off" everywhere."""
INSTEAD = {"enable_hr": "enable_hires_fix", "hires_fix": "enable_hires_fix", "refiner_checkpoint": "refiner_model"}


def check_members(members: Mapping[str, Any], level: str, *, hires: bool = False) -> None:
    """Refuse a member that would change the picture; `level` is what stands before its name in the error."""
    if len(members) > MAX_MEMBERS:
        raise InvalidParameter(level.rstrip(".") or "body", f"must have at most {MAX_MEMBERS} further members")
    refused = CHANGE_THE_PICTURE | CHANGE_THE_SECOND_PASS if hires else CHANGE_THE_PICTURE
    for name, value in members.items():
        if name in refused and not _is_off(name, value):
            instead = f"; `{INSTEAD[name]}` is, where a back end serves the alias" if name in INSTEAD else ""
            raise InvalidParameter(f"{level}{name}", f"changes the picture and is not supported{instead}")


def ignored(members: Mapping[str, Any], level: str) -> Iterator[str]:
    """Name the members that are kept with the job and read by nobody."""
    known = CHANGE_THE_PICTURE | CHANGE_THE_SECOND_PASS
    yield from (f"{level}{name}" for name in members if name not in known)


def _is_off(name: str, value: Any) -> bool:
    if isinstance(value, str):
        return not is_chosen(value)
    return not value or value == ALSO_OFF.get(name)
