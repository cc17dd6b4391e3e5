"""The denoiser: a small UNet that takes what SDXL's takes, and predicts velocities.

It has SDXL's three levels, on 16 x 16, 8 x 8 and 4 x 4 positions of a picture of 256 x 256 pixels.
"""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from darkroom_mini.training.embeddings import EMPTY, Embedded, open_embeddings
from darkroom_mini.training.home import Home
from darkroom_mini.training.latents import BLOCK_PX
from darkroom_mini.training.loop import Pace, run
from darkroom_mini.training.plan import Plan
from darkroom_mini.training.precision import bfloat16
from darkroom_mini.training.team import Team

SCHEDULE: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "num_train_timesteps": 1000,
    "rescale_betas_zero_snr": True,
}
"""SDXL's noise schedule, except that it ends in pure noise. What is left of a picture at SDXL's end would show where
things are, and the model would not learn to decide that by itself."""
_TIMES = 1000
_ZEROED, _EMPTIED = 0.05, 0.05
"""Shares of a batch without any embedding, and with that of a text that states nothing."""
_TOWARDS_NOISE = 2
"""Exponent by which times are drawn towards noise: a third of a batch is among the noisiest tenth of all times.

What is in a picture is decided there. Coarse content of many positions shows through the noise at most other times.
"""
_SIZE_EMBEDDING = 8
_HEAD_WIDTH = 32
_GROUPS = 4
"""Of normalisations: with one channel each, they would erase what is the same everywhere."""


def new_denoiser(plan: Plan) -> Any:  # Any: diffusers is untyped
    """Return the UNet with random weights. The size conditions have no effect: their weights stay zero."""
    from diffusers import UNet2DConditionModel

    torch.manual_seed(plan.seed)
    unet = UNet2DConditionModel(
        sample_size=plan.shapes[0].width // BLOCK_PX,
        in_channels=plan.channels,
        out_channels=plan.channels,
        block_out_channels=plan.unet_widths,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=1,
        attention_head_dim=tuple(max(1, width // _HEAD_WIDTH) for width in plan.unet_widths),
        use_linear_projection=True,
        norm_num_groups=_GROUPS,
        cross_attention_dim=sum(plan.text_hidden),
        addition_embed_type="text_time",
        addition_time_embed_dim=_SIZE_EMBEDDING,
        projection_class_embeddings_input_dim=plan.pooled + 6 * _SIZE_EMBEDDING,
        resnet_time_scale_shift="scale_shift",
    )
    weight = unet.add_embedding.linear_1.weight
    used = torch.ones_like(weight)
    used[:, plan.pooled :] = 0
    with torch.no_grad():
        weight.mul_(used)
    weight.register_hook(lambda gradient: gradient * used.to(gradient.device))
    return unet


class _Data(NamedTuple):
    latents: Any
    boxes: Any
    texts: Embedded


class DenoiserStage:
    """Trains the UNet on the prepared latents and embeddings."""

    name = "denoiser"

    def __init__(self, plan: Plan, home: Home, *, half: bool = False) -> None:
        """Needs the stages `prepare`, `text` and `embed`. Uses a GPU if there is one. With `half`, in bfloat16."""
        self._plan = plan
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._unet = new_denoiser(plan).to(self._device, memory_format=torch.channels_last).train()
        self._half = half
        self._home = home
        self._opened: dict[str, _Data] = {}
        self._empty = open_embeddings(EMPTY, home)
        self._kept = alphas_cumprod()

    @property
    def module(self) -> nn.Module:
        """Return the UNet."""
        unet: nn.Module = self._unet
        return unet

    @cached_property
    def pace(self) -> Pace:
        """Return how it learns."""
        return Pace(
            self._plan.denoiser_steps,
            1.5e-3,
            warm_up_steps=150,
            decay_share=0.25,
            weight_decay=1e-3,
            betas=(0.9, 0.99),
            average=0.9985,
        )

    def loss(self, _step: int, generator: torch.Generator) -> Tensor:
        """Return the error of the predicted velocities of a batch, in which the cells of things weigh more."""
        size = self._plan.denoiser_batch
        data = self._data_of(generator)
        chosen = torch.randint(len(data.latents), (size,), generator=generator)
        clean = _rows(data.latents, chosen)
        states, pooled = self._texts(data, chosen, generator)
        noise = torch.randn(clean.shape, generator=generator)
        places = (torch.arange(size) + torch.rand(size, generator=generator)) / size
        times = ((1 - (1 - places) ** _TOWARDS_NOISE) * _TIMES).long().clamp(max=_TIMES - 1)
        kept = self._kept[times][:, None, None, None]
        noisy, velocity = (
            kept.sqrt() * clean + (1 - kept).sqrt() * noise,
            kept.sqrt() * noise - (1 - kept).sqrt() * clean,
        )
        weight = 1 + (self._plan.thing_weight - 1) * _rows(data.boxes, chosen)[:, None]
        inputs = (noisy.contiguous(memory_format=torch.channels_last), times, states, pooled, velocity, weight)
        noisy, times, states, pooled, velocity, weight = (part.to(self._device) for part in inputs)
        conditions = {"text_embeds": pooled, "time_ids": torch.zeros(size, 6, device=self._device)}
        with bfloat16(self._device, enabled=self._half):
            predicted = self._unet(noisy, times, states, added_cond_kwargs=conditions).sample.float()
        error: Tensor = ((predicted - velocity).pow(2) * weight).mean() / weight.mean()
        return error

    def _data_of(self, generator: torch.Generator) -> _Data:
        """Return the set of pictures that a batch is taken from. A set is opened when it is first needed."""
        shares = torch.tensor([shape.share for shape in self._plan.shapes])
        name = self._plan.shapes[int(torch.multinomial(shares, 1, generator=generator))].name
        if name not in self._opened:
            latents, boxes = (self._home.array(f"{part}-{name}") for part in ("latents", "boxes"))
            self._opened[name] = _Data(latents, boxes, open_embeddings(name, self._home))
        return self._opened[name]

    def _texts(self, data: _Data, chosen: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return one caption of each picture; a few are replaced by empty ones or by zeros."""
        each = self._plan.captions_each
        rows = chosen * each + torch.randint(each, chosen.shape, generator=generator)
        states, pooled = _rows(data.texts.states, rows), _rows(data.texts.pooled, rows)
        draw = torch.rand(len(chosen), generator=generator)
        emptied = draw < _EMPTIED
        other = torch.randint(len(self._empty.pooled), (int(emptied.sum()),), generator=generator)
        other[torch.rand(other.shape, generator=generator) < 0.6] = 0
        states[emptied], pooled[emptied] = _rows(self._empty.states, other), _rows(self._empty.pooled, other)
        zeroed = draw > 1 - _ZEROED
        states[zeroed], pooled[zeroed] = 0.0, 0.0
        return states, pooled


def train_denoiser(plan: Plan, home: Home, half: bool, team: Team) -> None:
    """Run the stage in one process of a team."""
    run(DenoiserStage(plan, home, half=half), home, plan.seed, plan.checkpoint_s, team)


def alphas_cumprod() -> Tensor:
    """Return how much of the variance is the picture's at each of the 1,000 times, from nearly all to none.

    Rescaled as in https://arxiv.org/abs/2305.08891.
    """
    start, end = SCHEDULE["beta_start"] ** 0.5, SCHEDULE["beta_end"] ** 0.5
    amplitudes = torch.cumprod(1 - torch.linspace(start, end, _TIMES) ** 2, 0).sqrt()
    first, last = amplitudes[0].item(), amplitudes[-1].item()
    return ((amplitudes - last) * (first / (first - last))) ** 2


def _rows(array: Any, chosen: Tensor) -> Tensor:
    """Return rows of an array on disk in single precision."""
    return torch.from_numpy(np.asarray(array[chosen.numpy()]).astype(np.float32))
