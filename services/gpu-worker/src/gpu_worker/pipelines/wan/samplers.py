"""Samplers for WAN's flow matching. ODE solvers only: the pipeline passes no generator to a sampler's own noise."""

from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.samplers import find_sampler

from gpu_worker.domain.failures import Failure

_USUAL_SHIFT = 3.0

SAMPLERS = ("UniPC", "Euler", "DPM++ 2M")


def make_sampler(name: str, model_config: Any) -> Any:  # configurations and schedulers of diffusers are untyped
    """Return a new scheduler with the model's flow shift; it holds the state of one job. Raises a Failure."""
    from diffusers import DPMSolverMultistepScheduler, UniPCMultistepScheduler

    from gpu_worker.pipelines.wan.flow_euler import FlowEuler

    shift = model_config.get("flow_shift") or model_config.get("shift") or _USUAL_SHIFT
    flow = {
        "prediction_type": "flow_prediction",
        "use_flow_sigmas": True,
        "num_train_timesteps": model_config.get("num_train_timesteps", 1000),
        "flow_shift": shift,
    }
    match find_sampler(name, SAMPLERS):
        case "UniPC":
            return UniPCMultistepScheduler(**flow)
        case "DPM++ 2M":
            return DPMSolverMultistepScheduler(**flow)
        case "Euler":
            return FlowEuler(num_train_timesteps=flow["num_train_timesteps"], shift=shift)
        case _:
            raise Failure(
                StepErrorCode.INVALID_PAYLOAD, f"sampler: no {name!r} for WAN; there are: {', '.join(SAMPLERS)}"
            )
