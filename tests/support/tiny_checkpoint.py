"""A checkpoint with the parts and names of Stable Diffusion 1.5 and random weights: one level, tiny VAE, 300 MB.

Most of it is the CLIP text encoder, whose size its loader fixes. Pictures are noise; what counts is that a real sampler
runs for a fraction of a second a step.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

_CHANNELS, _CONTEXT, _EMBEDDING = 320, 768, 1280
_TEXT_WIDTH, _TEXT_LAYERS, _VOCABULARY, _POSITIONS = 768, 12, 49_408, 77
_VAE_CHANNELS, _LATENT = 64, 4


class _Weights:
    """Random tensors by name, in half precision and small enough that nothing overflows."""

    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self._random = torch.Generator().manual_seed(7)

    def add(self, name: str, *shape: int, scale: float | None = None) -> None:
        fan_in = max(1, torch.Size(shape[1:]).numel())
        values = torch.empty(shape, dtype=torch.float16)
        values.normal_(0, scale or 0.5 / fan_in**0.5, generator=self._random)
        self.tensors[name] = values

    def layer(self, name: str, *shape: int, bias: bool = True) -> None:
        """Add a linear layer or a convolution of shape (out, in, ...)."""
        self.add(f"{name}.weight", *shape)
        if bias:
            self.tensors[f"{name}.bias"] = torch.zeros(shape[0], dtype=torch.float16)

    def norm(self, name: str, width: int) -> None:
        """Add a normalization that changes nothing."""
        self.tensors[f"{name}.weight"] = torch.ones(width, dtype=torch.float16)
        self.tensors[f"{name}.bias"] = torch.zeros(width, dtype=torch.float16)


def write_tiny_checkpoint(path: Path) -> None:
    """Write the checkpoint; takes a few seconds."""
    weights = _Weights()
    _denoiser(weights, "model.diffusion_model.")
    _text_encoder(weights, "cond_stage_model.transformer.text_model.")
    _vae(weights, "first_stage_model.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file(weights.tensors, part)
    part.rename(path)


def _denoiser(weights: _Weights, prefix: str) -> None:
    width = _CHANNELS
    weights.layer(f"{prefix}time_embed.0", _EMBEDDING, width)
    weights.layer(f"{prefix}time_embed.2", _EMBEDDING, _EMBEDDING)
    weights.layer(f"{prefix}input_blocks.0.0", width, _LATENT, 3, 3)
    _residual(weights, f"{prefix}input_blocks.1.0.", width, width)
    _transformer(weights, f"{prefix}input_blocks.1.1.", width)
    _residual(weights, f"{prefix}middle_block.0.", width, width)
    _transformer(weights, f"{prefix}middle_block.1.", width)
    _residual(weights, f"{prefix}middle_block.2.", width, width)
    for block in range(2):
        _residual(weights, f"{prefix}output_blocks.{block}.0.", 2 * width, width)
        _transformer(weights, f"{prefix}output_blocks.{block}.1.", width)
    weights.norm(f"{prefix}out.0", width)
    weights.layer(f"{prefix}out.2", _LATENT, width, 3, 3)


def _residual(weights: _Weights, prefix: str, inside: int, outside: int) -> None:
    weights.norm(f"{prefix}in_layers.0", inside)
    weights.layer(f"{prefix}in_layers.2", outside, inside, 3, 3)
    weights.layer(f"{prefix}emb_layers.1", outside, _EMBEDDING)
    weights.norm(f"{prefix}out_layers.0", outside)
    weights.layer(f"{prefix}out_layers.3", outside, outside, 3, 3)
    if inside != outside:
        weights.layer(f"{prefix}skip_connection", outside, inside, 1, 1)


def _transformer(weights: _Weights, prefix: str, width: int) -> None:
    weights.norm(f"{prefix}norm", width)
    weights.layer(f"{prefix}proj_in", width, width, 1, 1)
    block = f"{prefix}transformer_blocks.0."
    for name, source in (("attn1", width), ("attn2", _CONTEXT)):
        weights.layer(f"{block}{name}.to_q", width, width, bias=False)
        weights.layer(f"{block}{name}.to_k", width, source, bias=False)
        weights.layer(f"{block}{name}.to_v", width, source, bias=False)
        weights.layer(f"{block}{name}.to_out.0", width, width)
    weights.layer(f"{block}ff.net.0.proj", 8 * width, width)
    weights.layer(f"{block}ff.net.2", width, 4 * width)
    for number in (1, 2, 3):
        weights.norm(f"{block}norm{number}", width)
    weights.layer(f"{prefix}proj_out", width, width, 1, 1)


def _text_encoder(weights: _Weights, prefix: str) -> None:
    width = _TEXT_WIDTH
    weights.add(f"{prefix}embeddings.token_embedding.weight", _VOCABULARY, width, scale=0.02)
    weights.add(f"{prefix}embeddings.position_embedding.weight", _POSITIONS, width, scale=0.02)
    for number in range(_TEXT_LAYERS):
        layer = f"{prefix}encoder.layers.{number}."
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            weights.layer(f"{layer}self_attn.{name}", width, width)
        weights.norm(f"{layer}layer_norm1", width)
        weights.norm(f"{layer}layer_norm2", width)
        weights.layer(f"{layer}mlp.fc1", 4 * width, width)
        weights.layer(f"{layer}mlp.fc2", width, 4 * width)
    weights.norm(f"{prefix}final_layer_norm", width)


def _vae(weights: _Weights, prefix: str) -> None:
    width = _VAE_CHANNELS
    _vae_half(weights, f"{prefix}taesd_encoder.", (0, 2, 6, 10), first=(width, 3), last=(14, _LATENT, width))
    # The decoder begins with a clamp and an activation, which have no weights.
    _vae_half(weights, f"{prefix}taesd_decoder.", (1, 7, 12, 17), first=(width, _LATENT), last=(19, 3, width))


def _vae_half(
    weights: _Weights, prefix: str, convolutions: tuple[int, ...], *, first: tuple[int, int], last: tuple[int, int, int]
) -> None:
    """Add one half of the tiny autoencoder: between its first and last layer, what is no convolution is a block."""
    begin, (end, out, inside) = convolutions[0], last
    weights.layer(f"{prefix}{begin}", *first, 3, 3)
    without_weights = {begin + 1, 6, 11, 16} if begin else set()
    for number in range(begin + 1, end):
        if number in convolutions:
            weights.layer(f"{prefix}{number}", inside, inside, 3, 3, bias=False)
        elif number not in without_weights:
            for part in (0, 2, 4):
                weights.layer(f"{prefix}{number}.conv.{part}", inside, inside, 3, 3)
    weights.layer(f"{prefix}{end}", out, inside, 3, 3)


if __name__ == "__main__":
    write_tiny_checkpoint(Path(sys.argv[1]))
