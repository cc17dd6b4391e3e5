"""The autoencoder, and a start for its decoder.

With random weights a decoder this small takes hours to find its colours. This one starts right and learns the details.
"""

from typing import Any

import torch
from torch import Tensor, nn

from darkroom_mini.training.latents import BLOCK_PX, DesignedLatents
from darkroom_mini.training.plan import Plan

_RESIDUAL = 0.1
"""What is left of the random weights of a branch that a crafted path bypasses."""
_CARRIED = 7
"""Channels of the crafted path: red, green and blue, their negatives, and a constant."""
_OUTPUT = 0.55


def new_autoencoder(plan: Plan) -> Any:  # Any: diffusers is untyped
    """Return the autoencoder with random weights.

    Its normalisations have a single group: several would each erase the mean of their channels, and with it colours.
    """
    from diffusers import AutoencoderKL

    torch.manual_seed(plan.seed)
    levels = len(plan.vae_widths)
    return AutoencoderKL(
        block_out_channels=plan.vae_widths,
        in_channels=3,
        out_channels=3,
        latent_channels=plan.channels,
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        layers_per_block=1,
        norm_num_groups=1,
        sample_size=plan.shapes[0].width,
        force_upcast=False,
        mid_block_add_attention=False,
        scaling_factor=1.0,
    )


@torch.no_grad()
def craft_decoder(vae: Any, latents: DesignedLatents) -> None:
    """Let the decoder begin as a smooth enlargement of the mean colour of each block.

    Colours travel along the residual path together with their negatives, since silu(u) - silu(-u) = u. A constant
    beside them keeps the absolute level through normalisations.
    """
    decoder, channels = vae.decoder, len(latents.synthesis)
    colours = torch.from_numpy(latents.synthesis.reshape(channels, BLOCK_PX**2, 3).mean(1))
    mean = torch.from_numpy(latents.mean.reshape(BLOCK_PX**2, 3).mean(0))
    kernel = torch.tensor([1.0, 2.0, 1.0])
    smooth = kernel[:, None] * kernel[None] / 16
    vae.post_quant_conv.weight.copy_(torch.eye(channels)[:, :, None, None])
    vae.post_quant_conv.bias.zero_()
    entry = decoder.conv_in
    entry.weight[:_CARRIED] = 0
    entry.weight[0:3, :, 1, 1] = colours.T
    entry.weight[3:6, :, 1, 1] = -colours.T
    entry.bias[:_CARRIED] = torch.cat([mean, -mean, torch.ones(1)])
    for name, layer in decoder.named_modules():
        if name.endswith("conv2"):
            layer.weight.mul_(_RESIDUAL)
            layer.bias.zero_()
        elif name.endswith("conv_shortcut"):
            _carry(layer)
        elif name.endswith("upsamplers.0.conv"):
            _enlarge(layer, smooth)
    decoder.conv_out.weight.mul_(_RESIDUAL)
    decoder.conv_out.bias.zero_()
    for colour in range(3):
        decoder.conv_out.weight[colour, colour, 1, 1] = _OUTPUT
        decoder.conv_out.weight[colour, 3 + colour, 1, 1] = -_OUTPUT


def _carry(layer: nn.Conv2d) -> None:
    """Let a shortcut hand on as many channels as it has outputs."""
    places = torch.arange(min(layer.in_channels, layer.out_channels))
    layer.weight.zero_()
    layer.weight[places, places, 0, 0] = 1
    if layer.bias is not None:
        layer.bias.zero_()


def _enlarge(layer: nn.Conv2d, smooth: Tensor) -> None:
    """Let the convolution behind an enlargement smooth each channel."""
    places = torch.arange(layer.out_channels)
    layer.weight.mul_(_RESIDUAL)
    layer.weight[places, places] += smooth
    layer.weight[:_CARRIED] = 0
    layer.weight[torch.arange(_CARRIED), torch.arange(_CARRIED)] = smooth
    if layer.bias is not None:
        layer.bias.zero_()
