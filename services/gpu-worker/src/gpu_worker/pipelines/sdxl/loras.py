"""Applies LoRAs to the shared parts of a model, and removes them without a trace.

The weights of the model are not changed: each adapted layer adds the product of two small matrices to its output. So
the model computes the same bits after a LoRA as before it. Loaded LoRAs stay for the next job with the same ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom_chassis.logs import get_logger
from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure

log = get_logger(__name__)
_PARTS = ("unet", "text_encoder", "text_encoder_2")


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A LoRA on this machine. `sha256` is that of the file."""

    name: str
    path: Path
    sha256: str

    @property
    def adapter(self) -> str:
        """Return its name inside the model, where dots are not allowed."""
        return f"lora-{self.sha256[:16]}"


def use_loras(pipeline: Any, wanted: Sequence[tuple[LoraFile, float]]) -> None:  # pipelines of diffusers are untyped
    """Have the pipeline's parts use exactly these LoRAs, each multiplied by its weight.

    Raises a MODEL_UNAVAILABLE Failure for a LoRA of another architecture; the model is then without any LoRA.
    """
    # Sums of floating-point numbers depend on their order, so it must not depend on the request's.
    ordered = sorted(wanted, key=lambda use: use[0].adapter)
    names = [lora.adapter for lora, _ in ordered]
    loaded = _loaded(pipeline)
    if not ordered:
        if loaded:
            pipeline.unload_lora_weights()
        return
    if superfluous := sorted(loaded - set(names)):
        pipeline.delete_adapters(superfluous)
    for lora, _ in ordered:
        if lora.adapter not in loaded:
            _load(pipeline, lora)
    pipeline.set_adapters(names, [weight for _, weight in ordered])


def _loaded(pipeline: Any) -> set[str]:
    """Return the adapters that any part has."""
    return {name for part in _PARTS for name in getattr(getattr(pipeline, part), "peft_config", None) or {}}


def _load(pipeline: Any, lora: LoraFile) -> None:
    from safetensors.torch import load_file

    try:
        pipeline.load_lora_weights(load_file(lora.path), adapter_name=lora.adapter)
        if lora.adapter not in _loaded(pipeline):
            raise ValueError("it has no weights for this model")
    except Exception as error:  # each format and library fails with types of its own
        pipeline.unload_lora_weights()
        log.exception("A LoRA cannot be loaded", lora=lora.name)
        raise Failure(
            StepErrorCode.MODEL_UNAVAILABLE, f"The LoRA {lora.name!r} does not fit this model ({type(error).__name__})"
        ) from error
