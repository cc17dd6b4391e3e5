"""An encoder that needs no training: it computes the designed latents in the layers of diffusers' encoder."""

from typing import Any

import torch
from torch import Tensor

from darkroom_mini.training.latents import BLOCK_PX, DesignedLatents

_CONSTANT = 100.0
"""Much larger than latents, so that the spread that a normalisation divides by hardly depends on the picture."""
_SCALE = 4.0
_LOG_VARIANCE = -16.0
"""Of an encoded picture: next to none."""


@torch.no_grad()
def craft_encoder(vae: Any, latents: DesignedLatents) -> None:
    """Set all weights of the encoder.

    Each of its steps down maps 2 x 2 positions to one, and keeps what the latents need of them. The last level
    carries the latents, their negatives and a constant: silu(u) - silu(-u) = u undoes the activation behind the last
    normalisation, and the constant fixes what that normalisation divides by. All residual branches add zero.
    """
    encoder, channels = vae.encoder, latents.analysis.shape[1]
    encoder.conv_in.weight.zero_()
    encoder.conv_in.bias.zero_()
    encoder.conv_in.weight[torch.arange(3), torch.arange(3), 1, 1] = 1
    for name, layer in encoder.named_modules():
        if name.endswith("conv2"):
            layer.weight.zero_()
            layer.bias.zero_()
        elif name.endswith("conv_shortcut"):
            layer.weight.zero_()
            layer.bias.zero_()
            places = torch.arange(layer.in_channels)
            layer.weight[places, places, 0, 0] = 1
    functionals = torch.from_numpy(latents.analysis).view(BLOCK_PX, BLOCK_PX, 3, channels)
    for block in encoder.down_blocks[:-1]:
        functionals = _step_down(block.downsamplers[0].conv, functionals)
    _carry_latents(encoder.down_blocks[-1].resnets[0].conv_shortcut, functionals[0, 0], latents)
    _undo_activation(encoder, channels)
    vae.quant_conv.weight.copy_(torch.eye(2 * channels)[:, :, None, None])
    vae.quant_conv.bias.zero_()
    vae.quant_conv.bias[channels:] = _LOG_VARIANCE


def _step_down(convolution: Any, functionals: Tensor) -> Tensor:
    """Set a step down, and return what the latents are of its result.

    Latents are linear functionals of shape (rows, columns, channels, latents) of each level. The step keeps the main
    directions that they span in 2 x 2 positions.
    """
    rows, _, used, count = functionals.shape
    half = rows // 2
    patches = functionals.reshape(half, 2, half, 2, used, count).permute(1, 3, 4, 0, 2, 5)
    spanned = patches.reshape(4 * used, half * half * count)
    directions = torch.linalg.svd(spanned, full_matrices=False)[0][:, : convolution.out_channels]
    kept = directions.shape[1]
    convolution.weight.zero_()
    convolution.bias.zero_()
    convolution.weight[:kept, :used, :2, :2] = directions.T.reshape(kept, 2, 2, used).permute(0, 3, 1, 2)
    left: Tensor = (directions.T @ spanned).reshape(kept, half, half, count)
    return left.permute(1, 2, 0, 3)


def _carry_latents(shortcut: Any, weights: Tensor, latents: DesignedLatents) -> None:
    """Let the last shortcut compute latents, negatives and the constant; `weights` are (channels, latents)."""
    used, channels = weights.shape
    offset = torch.from_numpy(latents.mean @ latents.analysis)
    shortcut.weight.zero_()
    shortcut.bias.zero_()
    for start, sign in ((0, 1), (channels, -1)):
        shortcut.weight[start : start + channels, :used, 0, 0] = sign * weights.T
        shortcut.bias[start : start + channels] = -sign * offset
    shortcut.bias[2 * channels] = _CONSTANT


def _undo_activation(encoder: Any, channels: int) -> None:
    norm, out = encoder.conv_norm_out, encoder.conv_out
    width = norm.num_channels
    mean = _CONSTANT / width
    spread = _CONSTANT * (1 / width - 1 / width**2) ** 0.5
    norm.weight.fill_(spread / _SCALE)
    norm.bias.fill_(mean / _SCALE)
    out.weight.zero_()
    out.bias.zero_()
    places = torch.arange(channels)
    out.weight[places, places, 1, 1] = _SCALE
    out.weight[places, channels + places, 1, 1] = -_SCALE
