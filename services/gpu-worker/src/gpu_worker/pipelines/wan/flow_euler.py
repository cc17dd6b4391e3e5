"""Euler's method for flow matching, with WAN's noise levels."""

from typing import Any

import numpy as np
from diffusers import FlowMatchEulerDiscreteScheduler


class FlowEuler(FlowMatchEulerDiscreteScheduler):  # type: ignore[misc]  # diffusers is untyped
    """`FlowMatchEulerDiscreteScheduler` with levels that are shifted once.

    Its own levels end at its smallest one, which is shifted already, and all of them are shifted again: the last of 25
    is 0.009. WAN divides 1 to 0 evenly and shifts once, as `get_sampling_sigmas` in wan/utils/fm_solvers.py of
    Wan-Video/Wan2.1 does: 0.111.
    """

    def set_timesteps(self, num_inference_steps: int, device: Any = None, **options: Any) -> None:
        """Set the noise levels of that many steps."""
        levels = np.linspace(1, 0, num_inference_steps + 1)[:-1]
        super().set_timesteps(num_inference_steps, device, sigmas=levels.tolist(), **options)
