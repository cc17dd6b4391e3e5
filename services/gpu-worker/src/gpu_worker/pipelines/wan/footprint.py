"""The components of WAN 2.1 T2V 1.3B on the meta device, and the calls of its stages.

The configurations are those of `Wan-AI/Wan2.1-T2V-1.3B-Diffusers`.
"""

from collections.abc import Iterator
from typing import Any

import torch

from gpu_worker.domain.memory.footprint import Component, Footprint, Point, Shape, StageFootprint, StageName
from gpu_worker.pipelines.footprints.live import weights_of, work_bytes

_TEXT_TOKENS = 512
_VIDEOS = ((480, 832, 1), (480, 832, 17), (480, 832, 81), (480, 832, 97), (720, 1280, 1), (720, 1280, 81))
"""Width, height and frames."""
_TILED_VIDEOS = ((480, 832, 1), (480, 832, 81), (720, 1280, 1), (720, 1280, 81))
_BF16 = torch.bfloat16
_KEPT_IN_FLOAT32 = ("time_embedder", "scale_shift_table", "norm1", "norm2", "norm3")
"""`WanTransformer3DModel._keep_in_fp32_modules`."""

_DECODE_WORKSPACE_BYTES = 8_270_000_000
"""Workspace of cuDNN's float32 3D convolutions: 7.7 GiB at 480x832, as seen in ostris/ai-toolkit issue 819."""
_DECODE_WORKSPACE_AT_PX = 480 * 832
_TILE_WORKSPACE_BYTES = 1_360_000_000
"""The same for a tile of 256x256 pixels, in proportion."""


def measure_wan() -> Footprint:
    """Measure WAN 2.1 1.3B: the transformer and UMT5 in bfloat16, the VAE in float32, one video at a time."""
    parts = wan_parts()
    text_encoder, transformer, vae = parts["text_encoder"], parts["transformer"], parts["vae"]
    weights = {
        Component.TEXT_ENCODER: _bytes(text_encoder),
        Component.TRANSFORMER: _bytes(transformer),
        Component.VAE: _bytes(vae),
    }
    stages = {
        StageName.ENCODE: StageFootprint((_encode(text_encoder),)),
        StageName.DENOISE: StageFootprint(tuple(_denoise(transformer))),
        StageName.DECODE: StageFootprint(tuple(_decode(vae)), _DECODE_WORKSPACE_BYTES, _DECODE_WORKSPACE_AT_PX),
        StageName.DECODE_TILED: StageFootprint(tuple(_decode(vae, tiled=True)), _TILE_WORKSPACE_BYTES),
    }
    return Footprint(weights, stages)


def wan_parts() -> dict[str, Any]:
    """Return the models of WAN on the meta device, in the number formats that the worker computes in."""
    from diffusers import AutoencoderKLWan

    with torch.device("meta"):
        vae = AutoencoderKLWan().eval()
    return {"text_encoder": _text_encoder(), "transformer": _transformer(), "vae": vae}


def _text_encoder() -> Any:
    from transformers import UMT5Config, UMT5EncoderModel

    with torch.device("meta"):
        return UMT5EncoderModel(
            UMT5Config(
                vocab_size=256384, d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64,
                feed_forward_proj="gated-gelu", tie_word_embeddings=True,
            )
        ).to(_BF16).eval()  # fmt: skip


def _transformer() -> Any:
    from diffusers import WanTransformer3DModel

    with torch.device("meta"):
        model = WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=12, attention_head_dim=128, in_channels=16, out_channels=16,
            text_dim=4096, freq_dim=256, ffn_dim=8960, num_layers=30, cross_attn_norm=True,
            qk_norm="rms_norm_across_heads", rope_max_seq_len=1024,
        ).to(_BF16).eval()  # fmt: skip
    for name, parameter in model.named_parameters():
        if any(kept in name for kept in _KEPT_IN_FLOAT32):
            parameter.data = parameter.data.float()
    return model


def _encode(text_encoder: Any) -> Point:
    def call() -> Any:
        return text_encoder(torch.zeros((1, _TEXT_TOKENS), dtype=torch.long)).last_hidden_state

    return Point(Shape(_TEXT_TOKENS), work_bytes([text_encoder], call))


def _denoise(transformer: Any) -> Iterator[Point]:
    for width, height, frames in _VIDEOS:

        def call(width: int = width, height: int = height, frames: int = frames) -> Any:
            # Guidance calls the transformer twice in turn; latents, noise and both text embeddings are small beside it.
            return transformer(
                hidden_states=torch.empty((1, 16, _latent(frames), height // 8, width // 8), dtype=_BF16),
                timestep=torch.empty(1, dtype=torch.long),
                encoder_hidden_states=torch.empty((1, _TEXT_TOKENS, 4096), dtype=_BF16),
                return_dict=False,
            )[0]

        yield Point(Shape(width * height, frames), work_bytes([transformer], call))


def _decode(vae: Any, *, tiled: bool = False) -> Iterator[Point]:
    vae.use_tiling = tiled
    for width, height, frames in _TILED_VIDEOS if tiled else _VIDEOS:

        def call(width: int = width, height: int = height, frames: int = frames) -> Any:
            latents = torch.empty((1, 16, _latent(frames), height // 8, width // 8))
            video = vae.decode(latents, return_dict=False)[0][0]
            return (video / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8).permute(1, 2, 3, 0).contiguous()

        yield Point(Shape(width * height, frames), work_bytes([vae], call))


def _latent(frames: int) -> int:
    return (frames - 1) // 4 + 1


def _bytes(module: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in weights_of(module))
