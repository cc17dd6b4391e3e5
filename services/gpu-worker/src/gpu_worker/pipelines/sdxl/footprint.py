"""SDXL's components on the meta device, and the calls of its stages."""

from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch

from gpu_worker.domain.memory.footprint import Component, Footprint, Point, Shape, StageFootprint, StageName
from gpu_worker.pipelines.footprints.live import weights_of, work_bytes

_CHUNK_TOKENS = 77
_CHUNKS = (2, 16)
_SIDES_PX = (512, 1024, 1536, 2048)
_BATCHES = (1, 2, 4, 6)
_LATENT_PX = 8
_HALF = torch.float16


def measure_sdxl() -> Footprint:
    """Measure SDXL: float16, with classifier-free guidance, images of a batch decoded one by one."""
    with as_file(files("gpu_worker") / "registry/sdxl") as configs:
        parts = sdxl_parts(configs)
    weights = {Component(name): _bytes(part) for name, part in parts.items()}
    stages = {
        StageName.ENCODE: StageFootprint(tuple(_encode(parts))),
        StageName.DENOISE: StageFootprint(tuple(_denoise(parts["unet"]))),
        StageName.DECODE: StageFootprint(tuple(_decode(parts["vae"], _HALF))),
        StageName.DECODE_TILED: StageFootprint(tuple(_decode(parts["vae"], _HALF, tiled=True))),
        StageName.ENCODE_IMAGE: StageFootprint(tuple(_encode_image(parts["vae"], _HALF))),
        StageName.ENCODE_IMAGE_TILED: StageFootprint(tuple(_encode_image(parts["vae"], _HALF, tiled=True))),
    }
    return Footprint(weights, stages | _in_float32(parts["vae"]))


def sdxl_parts(configs: Path) -> dict[str, Any]:
    """Return the models of SDXL on the meta device in float16, by their names. `configs` has their configurations."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    with torch.device("meta"):
        parts = {
            "text_encoder": CLIPTextModel(CLIPTextConfig.from_pretrained(configs / "text_encoder")),
            "text_encoder_2": CLIPTextModelWithProjection(CLIPTextConfig.from_pretrained(configs / "text_encoder_2")),
            "unet": UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(configs / "unet")),
            "vae": AutoencoderKL.from_config(AutoencoderKL.load_config(configs / "vae")),
        }
    return {name: part.to(_HALF).eval() for name, part in parts.items()}


def _in_float32(vae: Any) -> dict[StageName, StageFootprint]:
    """Measure the VAE as it runs where half precision overflows. Its weights count double."""
    vae.to(torch.float32)
    return {
        StageName.DECODE_FP32: StageFootprint(tuple(_decode(vae, torch.float32))),
        StageName.DECODE_FP32_TILED: StageFootprint(tuple(_decode(vae, torch.float32, tiled=True))),
        StageName.ENCODE_IMAGE_FP32: StageFootprint(tuple(_encode_image(vae, torch.float32))),
        StageName.ENCODE_IMAGE_FP32_TILED: StageFootprint(tuple(_encode_image(vae, torch.float32, tiled=True))),
    }


def _encode(parts: dict[str, Any]) -> Iterator[Point]:
    encoders = [parts["text_encoder"], parts["text_encoder_2"]]
    for chunks in _CHUNKS:

        def call(chunks: int = chunks) -> list[Any]:
            tokens = torch.zeros((chunks, _CHUNK_TOKENS), dtype=torch.long)
            return [encoder(tokens, output_hidden_states=True) for encoder in encoders]

        yield Point(Shape(chunks * _CHUNK_TOKENS), work_bytes(encoders, call))


def _denoise(unet: Any) -> Iterator[Point]:
    for side in _SIDES_PX:
        for batch in _BATCHES:

            def call(count: int = 2 * batch, side: int = side // _LATENT_PX) -> Any:
                return unet(
                    torch.empty((count, 4, side, side), dtype=_HALF),
                    torch.empty((), dtype=_HALF),
                    encoder_hidden_states=torch.empty((count, _CHUNK_TOKENS, 2048), dtype=_HALF),
                    added_cond_kwargs={
                        "text_embeds": torch.empty((count, 1280), dtype=_HALF),
                        "time_ids": torch.empty((count, 6), dtype=_HALF),
                    },
                ).sample

            yield Point(Shape(side * side, batch=batch), work_bytes([unet], call))


def _decode(vae: Any, dtype: torch.dtype, *, tiled: bool = False) -> Iterator[Point]:
    vae.use_tiling = tiled
    for side in _SIDES_PX:

        def call(side: int = side // _LATENT_PX) -> Any:
            picture = vae.decode(torch.empty((1, 4, side, side), dtype=dtype), return_dict=False)[0][0]
            return (picture.float() / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8)

        yield Point(Shape(side * side), work_bytes([vae], call))


def _encode_image(vae: Any, dtype: torch.dtype, *, tiled: bool = False) -> Iterator[Point]:
    vae.use_tiling = tiled
    for side in _SIDES_PX:

        def call(side: int = side) -> Any:
            picture = 2.0 * torch.empty((1, 3, side, side), dtype=torch.float32) - 1.0
            return vae.encode(picture.to(dtype)).latent_dist.parameters

        yield Point(Shape(side * side), work_bytes([vae], call))


def _bytes(module: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in weights_of(module))
