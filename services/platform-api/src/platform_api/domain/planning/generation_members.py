"""Undeclared members of a generation: those that would change the picture are rejected, others are stored.

A member whose value means "off" changes nothing and is accepted, so that clients may send their complete forms: null,
false, 0, an empty value, or a word such as None. Members that only matter with a rejected one (`mask_blur`,
`hr_scale`) are stored as well.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.generation import is_chosen

MAX_MEMBERS = 100
"""Maximum number of undeclared members of a request, at each of its levels."""

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
"""Effective only with `enable_hires_fix`; otherwise there is no second pass for them to change."""
ALSO_OFF: Mapping[str, Any] = {"clip_skip": 1, "hr_scale": 2, "seed_resize_from_w": -1, "seed_resize_from_h": -1}
"""Values of single members that mean "off", in addition to the general ones."""
INSTEAD = {"enable_hr": "enable_hires_fix", "hires_fix": "enable_hires_fix", "refiner_checkpoint": "refiner_model"}


def check_members(members: Mapping[str, Any], level: str, *, hires: bool = False) -> None:
    """Reject members that would change the picture. `level` is the prefix of their names in the error."""
    if len(members) > MAX_MEMBERS:
        raise InvalidParameter(level.rstrip(".") or "body", f"must have at most {MAX_MEMBERS} further members")
    refused = CHANGE_THE_PICTURE | CHANGE_THE_SECOND_PASS if hires else CHANGE_THE_PICTURE
    for name, value in members.items():
        if name in refused and not _is_off(name, value):
            instead = f"; `{INSTEAD[name]}` is, where a back end serves the alias" if name in INSTEAD else ""
            raise InvalidParameter(f"{level}{name}", f"changes the picture and is not supported{instead}")


def ignored(members: Mapping[str, Any], level: str) -> Iterator[str]:
    """Return the names of the members that are stored with the job and not interpreted."""
    known = CHANGE_THE_PICTURE | CHANGE_THE_SECOND_PASS
    yield from (f"{level}{name}" for name in members if name not in known)


def _is_off(name: str, value: Any) -> bool:
    if isinstance(value, str):
        return not is_chosen(value)
    return not value or value == ALSO_OFF.get(name)
