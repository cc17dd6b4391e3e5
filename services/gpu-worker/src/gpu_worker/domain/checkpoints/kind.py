"""Recognizes checkpoints by the names of their tensors.

The names are those of the published files: Stability AI's generative-models for SD 1.5 to SDXL, diffusers for folders,
kohya-ss and peft for LoRAs, ComfyUI for files of other families.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class CheckpointKind(StrEnum):
    """What a safetensors file holds, in the words of an error message."""

    SDXL = "an SDXL checkpoint"
    SDXL_INPAINT = "an SDXL inpainting checkpoint"
    SDXL_REFINER = "an SDXL refiner"
    SDXL_UNET = "an SDXL UNet without text encoders and VAE"
    SD1 = "a Stable Diffusion 1.x checkpoint"
    SD2 = "a Stable Diffusion 2.x checkpoint"
    SD3 = "a Stable Diffusion 3 checkpoint"
    FLUX = "a Flux checkpoint"
    WAN = "a WAN transformer"
    LORA = "a LoRA"
    CONTROLNET = "a ControlNet"
    EMBEDDING = "a textual inversion embedding"
    VAE = "a VAE"
    TEXT_ENCODER = "a text encoder"
    UNKNOWN = "a safetensors file of an unknown kind"


class Prediction(StrEnum):
    """What the UNet predicts; the values are diffusers' `prediction_type`."""

    EPSILON = "epsilon"
    V = "v_prediction"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a file is. `prediction` is None if the file does not say; `has_vae` matters for SDXL only."""

    kind: CheckpointKind
    prediction: Prediction | None = None
    zero_snr: bool = False
    """Whether the noise schedule ends at a signal-to-noise ratio of zero (`rescale_betas_zero_snr` in diffusers)."""
    has_vae: bool = True


Tensors = Mapping[str, int]
"""The number of elements of each tensor by name."""

_UNET = "model.diffusion_model."
_FIRST_LAYER = _UNET + "input_blocks.0.0.weight"
_SDXL_UNET_INPUTS = {11_520: 4, 25_920: 9}
"""Elements of the first layer (320 filters of 3 × 3) by its input channels: latents, or latents, mask and image."""
_LORA_PARTS = ("lora_up.", "lora_down.", ".lora_A.", ".lora_B.", "hada_w1", "lokr_w", ".lora.up.", ".lora.down.")
_CONTROL = ("control_model.", "controlnet_", "input_hint_block.")


def identify(tensors: Tensors, metadata: Mapping[str, str]) -> Checkpoint:
    """Return what a file with these tensors and this header metadata is."""
    kind = next((kind for kind, matches in _RULES if matches(tensors)), CheckpointKind.UNKNOWN)
    if kind is not CheckpointKind.SDXL:
        return Checkpoint(kind)
    return Checkpoint(kind, _prediction(tensors, metadata), "ztsnr" in tensors, _has(tensors, "first_stage_model."))


def _prediction(tensors: Tensors, metadata: Mapping[str, str]) -> Prediction | None:
    """Read the marker tensor that trainers add to checkpoints, or the field of the ModelSpec standard."""
    if "v_pred" in tensors:
        return Prediction.V
    stated = metadata.get("modelspec.prediction_type", "").lower()
    return {"v": Prediction.V, "v_prediction": Prediction.V, "epsilon": Prediction.EPSILON}.get(stated)


def _has(tensors: Tensors, *parts: str) -> bool:
    return any(part in name for name in tensors for part in parts)


def _starts(*prefixes: str) -> Callable[[Tensors], bool]:
    return lambda tensors: any(name.startswith(prefixes) for name in tensors)


def _all_start(*prefixes: str) -> Callable[[Tensors], bool]:
    return lambda tensors: bool(tensors) and all(name.startswith(prefixes) for name in tensors)


def _is_sdxl(tensors: Tensors) -> bool:
    return _FIRST_LAYER in tensors and _has(tensors, "conditioner.embedders.1.model.")


def _is_inpaint(tensors: Tensors) -> bool:
    return _is_sdxl(tensors) and _SDXL_UNET_INPUTS.get(tensors[_FIRST_LAYER]) == 9


def _is_embedding(tensors: Tensors) -> bool:
    return set(tensors) <= {"clip_l", "clip_g", "emb_params"} and bool(tensors)


_RULES: Sequence[tuple[CheckpointKind, Callable[[Tensors], bool]]] = (
    (CheckpointKind.LORA, lambda tensors: _has(tensors, *_LORA_PARTS)),
    (CheckpointKind.CONTROLNET, lambda tensors: _has(tensors, *_CONTROL)),
    (CheckpointKind.EMBEDDING, _is_embedding),
    (CheckpointKind.SDXL_INPAINT, _is_inpaint),
    (CheckpointKind.SDXL, _is_sdxl),
    (CheckpointKind.SDXL_REFINER, _starts("conditioner.embedders.0.model.")),
    (CheckpointKind.SD1, _starts("cond_stage_model.transformer.")),
    (CheckpointKind.SD2, _starts("cond_stage_model.model.")),
    (CheckpointKind.FLUX, lambda tensors: _has(tensors, "double_blocks.0.", "single_transformer_blocks.0.")),
    (CheckpointKind.SD3, lambda tensors: _has(tensors, "joint_blocks.0.")),
    (CheckpointKind.WAN, lambda tensors: _has(tensors, "blocks.0.self_attn.q.", "condition_embedder.text_embedder.")),
    (CheckpointKind.SDXL_UNET, _starts("add_embedding.linear_1.", _UNET + "label_emb.")),
    (CheckpointKind.VAE, _all_start("encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "first_stage_model.")),
    (CheckpointKind.TEXT_ENCODER, _starts("text_model.", "shared.weight", "encoder.block.0.", "model.embed_tokens.")),
)
"""In this order: a file matches the first rule that applies."""
