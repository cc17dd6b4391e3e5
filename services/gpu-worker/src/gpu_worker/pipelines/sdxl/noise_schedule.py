"""What a checkpoint states about its noise schedule, as settings of diffusers' schedulers."""

from gpu_worker.domain.checkpoints.kind import Checkpoint


def noise_schedule(checkpoint: Checkpoint) -> dict[str, object]:
    """Return the settings that differ from SDXL's own schedule.

    A schedule that ends at a signal-to-noise ratio of zero must be sampled from its last step, which `leading` spacing
    skips (Lin et al. 2024, "Common Diffusion Noise Schedules and Sample Steps are Flawed", section 3.3).
    """
    settings: dict[str, object] = {}
    if checkpoint.prediction is not None:
        settings["prediction_type"] = checkpoint.prediction.value
    if checkpoint.zero_snr:
        settings |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return settings
