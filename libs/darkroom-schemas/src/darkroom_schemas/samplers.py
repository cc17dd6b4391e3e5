"""Samplers by the names that A1111 and ComfyUI users know."""

KARRAS = " Karras"
"""Ends the name of a sampler with Karras noise levels."""

SDXL_SAMPLERS = (
    *("Euler", "Euler Karras", "Euler a", "Heun", "DPM2", "DPM2 Karras", "DPM2 a", "DPM2 a Karras"),
    *("DPM++ 2M", "DPM++ 2M Karras", "DPM++ 2M SDE", "DPM++ 2M SDE Karras", "DPM++ 2S a", "DPM++ 2S a Karras"),
    *("DPM++ SDE", "DPM++ SDE Karras", "DPM++ 3M", "DDIM", "PNDM", "UniPC", "UniPC Karras", "LCM", "TCD", "DEIS"),
)
"""What our SDXL pipeline takes; a test holds the worker's table equal."""
