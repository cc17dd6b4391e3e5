"""Applies LoRAs to the shared parts of a model, and removes them without a trace.

The weights of the model are not changed: each adapted layer adds the product of two small matrices to its output. So
the model computes the same bits after a LoRA as before it. Loaded LoRAs stay for the next job with the same ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom_chassis.logs import get_logger
from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.placement import forget_hooks
from gpu_worker.runtime.batches import with_room
from gpu_worker.runtime.device_errors import broken_context, memory_shortage
from gpu_worker.runtime.model_cache import AdmittedModel

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


def apply_loras(model: AdmittedModel, loras: Sequence[LoraUse], context: PipelineContext) -> None:
    """Have a model use exactly these LoRAs in its denoiser and its text encoders, wherever they are placed.

    Hooks of a placement must not see layers being replaced, so the components are taken off their placement and put
    back. Raises a MODEL_UNAVAILABLE Failure for a LoRA of another architecture.
    """
    from diffusers import StableDiffusionXLPipeline

    parts = dict(model.parts)
    wanted = [(LoraFile(lora.name, lora.path, lora.sha256), lora.weight) for lora in loras]
    if not wanted and not _loaded_in(parts):
        return
    pipeline = StableDiffusionXLPipeline(**parts, **model.config, add_watermarker=False)

    def change() -> None:
        forget_hooks(parts)
        use_loras(pipeline, wanted)

    if {file.adapter for file, _ in wanted} == _loaded_in(parts):
        use_loras(pipeline, wanted)  # changes the weights only
        return
    models, name = context.models, model.ref.name
    with_room(lambda: models.change(name, change), lambda: models.evict_others(name), "the LoRAs")


def use_loras(pipeline: Any, wanted: Sequence[tuple[LoraFile, float]]) -> None:  # pipelines of diffusers are untyped
    """Have the pipeline's parts use exactly these LoRAs, each multiplied by its weight. Equal files count once.

    Raises a MODEL_UNAVAILABLE Failure for a LoRA of another architecture; the model is then without any LoRA.
    """
    weights: dict[str, float] = {}
    for lora, weight in wanted:
        weights[lora.adapter] = weights.get(lora.adapter, 0.0) + weight
    # Sums of floating-point numbers depend on their order, so it must not depend on the request's.
    names = sorted(weights)
    loaded = _loaded_in(pipeline.components)
    if not names:
        if loaded:
            pipeline.unload_lora_weights()
        return
    if superfluous := sorted(loaded - set(names)):
        pipeline.delete_adapters(superfluous)
    files = {lora.adapter: lora for lora, _ in wanted}
    for name in names:
        if name not in loaded:
            _load(pipeline, files[name])
    pipeline.set_adapters(names, [weights[name] for name in names])


def _loaded_in(parts: Mapping[str, Any]) -> set[str]:
    """Return the adapters that any part has."""
    return {name for part in _PARTS for name in getattr(parts[part], "peft_config", None) or {}}


def _load(pipeline: Any, lora: LoraFile) -> None:
    from safetensors.torch import load_file

    dtype = pipeline.unet.dtype
    try:
        tensors = {
            # Scalars are factors (`alpha`), which half precision would round.
            name: tensor.to(dtype) if tensor.is_floating_point() and tensor.ndim > 1 else tensor
            for name, tensor in load_file(lora.path).items()
        }
        pipeline.load_lora_weights(tensors, adapter_name=lora.adapter)
        if lora.adapter not in _loaded_in(pipeline.components):
            raise ValueError("it has no weights for this model")
    except Exception as error:  # each format and library fails with types of its own
        if broken_context(error) is not None:
            raise
        pipeline.unload_lora_weights()
        if memory_shortage(error) is not None:
            raise
        log.exception("A LoRA cannot be loaded", lora=lora.name)
        raise Failure(
            StepErrorCode.MODEL_UNAVAILABLE, f"The LoRA {lora.name!r} does not fit this model ({type(error).__name__})"
        ) from error
