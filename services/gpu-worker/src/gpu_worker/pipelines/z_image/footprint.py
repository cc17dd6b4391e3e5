"""The components of Z-Image on the meta device, and the calls of its stages.

The configurations are those of `Tongyi-MAI/Z-Image-Turbo`: diffusers' default for the transformer, Qwen3 4B and the
VAE of Flux. They were not compared with the repository itself; the sizes of its files, as others list them, agree.
"""

from collections.abc import Iterator
from typing import Any

import torch

from gpu_worker.domain.memory.footprint import Component, Footprint, Point, Shape, StageFootprint, StageName
from gpu_worker.pipelines.footprints.live import weights_of, work_bytes
from gpu_worker.pipelines.z_image.shapes import TEXT_TOKENS

_SIDES_PX = (512, 1024, 1536, 2048)
_BATCHES = (1, 2, 4)
_LATENT_PX = 8
_TEXT_WIDTH = 2560
_BF16 = torch.bfloat16


def measure_z_image() -> Footprint:
    """Measure Z-Image in bfloat16, without guidance, images of a batch decoded one by one."""
    parts = z_image_parts()
    weights = {Component(name): _bytes(part) for name, part in parts.items()}
    stages = {
        StageName.ENCODE: StageFootprint((_encode(parts["text_encoder"]),)),
        StageName.DENOISE: StageFootprint(tuple(_denoise(parts["transformer"]))),
        StageName.DECODE: StageFootprint(tuple(_decode(parts["vae"]))),
        StageName.DECODE_TILED: StageFootprint(tuple(_decode(parts["vae"], tiled=True))),
    }
    return Footprint(weights, stages)


def z_image_parts() -> dict[str, Any]:
    """Return the models of Z-Image on the meta device in bfloat16, by their names."""
    from diffusers import AutoencoderKL, ZImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    with torch.device("meta"):
        parts = {
            "text_encoder": Qwen3Model(
                Qwen3Config(
                    vocab_size=151_936, hidden_size=_TEXT_WIDTH, intermediate_size=9728, num_hidden_layers=36,
                    num_attention_heads=32, num_key_value_heads=8, head_dim=128, max_position_embeddings=40_960,
                )
            ),
            "transformer": ZImageTransformer2DModel(),
            "vae": AutoencoderKL(
                in_channels=3, out_channels=3, latent_channels=16, block_out_channels=(128, 256, 512, 512),
                down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
                layers_per_block=2, norm_num_groups=32, sample_size=1024, scaling_factor=0.3611, shift_factor=0.1159,
                use_quant_conv=False, use_post_quant_conv=False,
            ),
        }  # fmt: skip
    return {name: part.to(_BF16).eval() for name, part in parts.items()}


def _encode(text_encoder: Any) -> Point:
    def call() -> Any:
        # Without a cache transformers would read values, which these tensors lack. It is small beside the rest.
        tokens = torch.zeros((1, TEXT_TOKENS), dtype=torch.long)
        return text_encoder(input_ids=tokens, output_hidden_states=True, use_cache=True).hidden_states

    return Point(Shape(TEXT_TOKENS), work_bytes([text_encoder], call))


def _denoise(transformer: Any) -> Iterator[Point]:
    for side in _SIDES_PX:
        for batch in _BATCHES:

            def call(batch: int = batch, side: int = side // _LATENT_PX) -> Any:
                return transformer(
                    [torch.empty((16, 1, side, side), dtype=_BF16) for _ in range(batch)],
                    torch.empty(batch),
                    [torch.empty((TEXT_TOKENS, _TEXT_WIDTH), dtype=_BF16) for _ in range(batch)],
                    return_dict=False,
                )[0]

            yield Point(Shape(side * side, batch=batch), work_bytes([transformer], call))


def _decode(vae: Any, *, tiled: bool = False) -> Iterator[Point]:
    vae.use_tiling = tiled
    for side in _SIDES_PX:

        def call(side: int = side // _LATENT_PX) -> Any:
            picture = vae.decode(torch.empty((1, 16, side, side), dtype=_BF16), return_dict=False)[0][0]
            return (picture.float() / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8)

        yield Point(Shape(side * side), work_bytes([vae], call))


def _bytes(module: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in weights_of(module))
