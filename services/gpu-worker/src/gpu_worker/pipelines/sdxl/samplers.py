"""Maps the sampler names of A1111 and ComfyUI to diffusers schedulers."""

from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.samplers import find_sampler

from gpu_worker.domain.failures import Failure

_KARRAS = {"use_karras_sigmas": True}
_SDE = {"algorithm_type": "sde-dpmsolver++"}

# "DPM++ SDE" uses the single-step solver: diffusers' DPMSolverSDEScheduler draws its noise without the pipeline's
# generators, so equal seeds would not give equal images. "DPM++ 2S a" has no ancestral noise in diffusers.
SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler Karras": ("EulerDiscreteScheduler", _KARRAS),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM2": ("KDPM2DiscreteScheduler", {}),
    "DPM2 Karras": ("KDPM2DiscreteScheduler", _KARRAS),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
    "DPM2 a Karras": ("KDPM2AncestralDiscreteScheduler", _KARRAS),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", _KARRAS),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", _SDE),
    "DPM++ 2M SDE Karras": ("DPMSolverMultistepScheduler", _SDE | _KARRAS),
    "DPM++ 2S a": ("DPMSolverSinglestepScheduler", {}),
    "DPM++ 2S a Karras": ("DPMSolverSinglestepScheduler", _KARRAS),
    "DPM++ SDE": ("DPMSolverSinglestepScheduler", _SDE),
    "DPM++ SDE Karras": ("DPMSolverSinglestepScheduler", _SDE | _KARRAS),
    "DPM++ 3M": ("DPMSolverMultistepScheduler", {"solver_order": 3}),
    "DDIM": ("DDIMScheduler", {"clip_sample": False}),
    "PNDM": ("PNDMScheduler", {"skip_prk_steps": True}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "UniPC Karras": ("UniPCMultistepScheduler", _KARRAS),
    "LCM": ("LCMScheduler", {}),
    "TCD": ("TCDScheduler", {}),
    "DEIS": ("DEISMultistepScheduler", {}),
}

_SPACED_BY_THEMSELVES = {"DPM++ 2M", "DPM++ 2M SDE", "DPM++ 3M", "UniPC", "DEIS"}
"""Their schedulers leave out the first of the `leading` timesteps of SDXL's own scheduler, and so would start below the
noise that the model was trained with: at 931 of 999 for 15 steps. `linspace`, their own default, starts at 999."""


def make_sampler(name: str, model_config: Any) -> Any:  # configurations and schedulers of diffusers are untyped
    """Return a new scheduler with the model's noise schedule; it holds the state of one job. Raises a Failure."""
    import diffusers

    known = find_sampler(name, SAMPLERS)
    if known is None:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"sampler: no {name!r} for SDXL; there are: {', '.join(SAMPLERS)}")
    kind, options = SAMPLERS[known]
    if known in _SPACED_BY_THEMSELVES and model_config.get("timestep_spacing") == "leading":
        options = options | {"timestep_spacing": "linspace"}
    return getattr(diffusers, kind).from_config(model_config, **options)
