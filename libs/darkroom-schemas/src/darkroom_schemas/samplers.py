"""Names of samplers and noise schedules, and their names in A1111, ComfyUI and diffusers."""

from collections.abc import Iterable

KARRAS = " Karras"
"""Suffix of samplers with Karras noise levels."""

_OTHER_NAMES = {
    "Euler": ("EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler"),
    "Euler a": ("euler_ancestral", "EulerAncestralDiscreteScheduler"),
    "Heun": ("HeunDiscreteScheduler",),
    "DPM2": ("KDPM2DiscreteScheduler",),
    "DPM2 a": ("dpm_2_ancestral", "KDPM2AncestralDiscreteScheduler"),
    "DPM++ 2M": ("DPMSolverMultistepScheduler",),
    "DPM++ 2M SDE": ("dpmpp_2m_sde_gpu",),
    "DPM++ 2S a": ("dpmpp_2s_ancestral", "DPMSolverSinglestepScheduler"),
    "DPM++ SDE": ("dpmpp_sde_gpu",),
    "DDIM": ("DDIMScheduler",),
    "PNDM": ("PNDMScheduler",),
    "UniPC": ("uni_pc_bh2", "UniPCMultistepScheduler"),
    "LCM": ("LCMScheduler",),
    "TCD": ("TCDScheduler",),
    "DEIS": ("DEISMultistepScheduler",),
}
"""Names in ComfyUI and diffusers that differ by more than case and punctuation."""


_STEP_LIMITS = {"LCM": 50, "TCD": 50}
"""Distilled models were trained on 50 steps, and their schedulers take no more (`original_inference_steps`)."""


def step_limit(sampler: str) -> int | None:
    """Return the maximum number of steps of a sampler, by any of its names; None if it has none of its own."""
    known = find_sampler(sampler, _STEP_LIMITS)
    return None if known is None else _STEP_LIMITS[known]


def _comparable(name: str) -> str:
    """Normalize the spelling of a name: `DPM++ 2M` and `dpmpp_2m` are both `dpmpp2m`."""
    return name.lower().replace("+", "p").translate(str.maketrans("", "", " _-\t"))


_SAME = {_comparable(other): ours for ours, others in _OTHER_NAMES.items() for other in others}


def find_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that equals `name`, ignoring case, spaces, `_` and `-`; None if there is none."""
    wanted = _comparable(name)
    return next((one for one in known if _comparable(one) == wanted), None)


def find_sampler(name: str, known: Iterable[str]) -> str | None:
    """Return the known sampler with a name, also by its name in ComfyUI or diffusers; None if there is none."""
    names, spelling = tuple(known), _comparable(name)
    karras = KARRAS if spelling.endswith(_comparable(KARRAS)) else ""
    ours = _SAME.get(spelling.removesuffix(_comparable(karras)))
    return find_name(name if ours is None else ours + karras, names)
