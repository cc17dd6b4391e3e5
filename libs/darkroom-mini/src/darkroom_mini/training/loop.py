"""The loop of every stage: it can be stopped at any step and goes on with the same bytes."""

import math
import time
from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

import torch
from torch import Tensor, nn

from darkroom_mini.training.home import Home
from darkroom_mini.training.team import ALONE, Team

_LOG_STEPS = 50
_SMOOTHING = 0.98


@dataclass(frozen=True, slots=True)
class Pace:
    """How a stage learns: a warm-up, a constant rate, and a linear decay at the end."""

    steps: int
    rate: float
    warm_up_steps: int = 50
    decay_share: float = 0.3
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.98)
    average: float = 0.99
    """Share of the old value in the moving average of the weights, which is what is used."""

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step."""
        left = (1 - step / self.steps) / self.decay_share
        return self.rate * min(1.0, (step + 1) / self.warm_up_steps) * min(1.0, max(0.02, left))


class Stage(Protocol):
    """What the loop trains."""

    @property
    def name(self) -> str:
        """Name of its files."""

    @property
    def module(self) -> nn.Module:
        """Holds the parameters; those that need no gradient stay as they are."""

    @property
    def pace(self) -> Pace:
        """How it learns."""

    def loss(self, step: int, generator: torch.Generator, /) -> Tensor:
        """Return the loss of one batch, which depends on nothing but the step and the generator."""


def step_generator(seed: int, name: str, step: int, rank: int = 0) -> torch.Generator:
    """Return the source of all random numbers of one step in one of the processes that train together."""
    member = f"/{rank}" if rank else ""
    return torch.Generator().manual_seed(crc32(f"{seed}/{name}/{step}{member}".encode()))


def run(stage: Stage, home: Home, seed: int, checkpoint_s: float, team: Team = ALONE) -> bool:
    """Train a stage to its last step, or until the stop file appears; return whether it is complete.

    The state and the averaged weights are written every `checkpoint_s` seconds and at the end.
    """
    first = team.rank == 0
    trained = [parameter for parameter in stage.module.parameters() if parameter.requires_grad]
    pace = stage.pace
    optimizer = torch.optim.AdamW(trained, pace.rate, betas=pace.betas, weight_decay=pace.weight_decay, fused=True)
    average = [parameter.detach().clone() for parameter in trained]
    step, cpu_s, smooth = 0, 0.0, math.nan
    if home.has(_state(stage)):
        state = home.load(_state(stage))
        stage.module.load_state_dict(state["module"])
        optimizer.load_state_dict(state["optimizer"])
        for mean, saved in zip(average, state["average"], strict=True):
            mean.copy_(saved)
        step, cpu_s, smooth = state["step"], state["cpu_s"], state["loss"]
    began, saved_at = time.process_time() - cpu_s, time.monotonic()
    while step < pace.steps and not team.decide(home.asked_to_stop):
        for group in optimizer.param_groups:
            group["lr"] = pace.rate_at(step)
        loss = stage.loss(step, step_generator(seed, stage.name, step, team.rank))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        team.share_gradients(trained)
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        step += 1
        keep = min(pace.average, step / (step + 15))
        _blend(average, trained, keep)
        smooth = loss.item() if math.isnan(smooth) else _SMOOTHING * smooth + (1 - _SMOOTHING) * loss.item()
        if first and step % _LOG_STEPS == 0:
            print(
                f"{stage.name} {step}/{pace.steps} loss {smooth:.4f} cpu {time.process_time() - began:.0f}s", flush=True
            )
        if first and time.monotonic() - saved_at > checkpoint_s and step < pace.steps:
            _save(stage, home, optimizer, average, trained, step, time.process_time() - began, smooth)
            saved_at = time.monotonic()
    if first:
        _save(stage, home, optimizer, average, trained, step, time.process_time() - began, smooth)
    return step >= pace.steps


def is_complete(stage: Stage, home: Home) -> bool:
    """Return whether a stage has made all its steps."""
    return home.has(_state(stage)) and int(home.load(_state(stage))["step"]) >= stage.pace.steps


def load_weights(module: nn.Module, name: str, home: Home) -> None:
    """Give a module the averaged weights of a stage as of its last checkpoint; raises FileNotFoundError."""
    module.load_state_dict(home.load(f"{name}.pt"))


def _state(stage: Stage) -> str:
    return f"{stage.name}.state.pt"


@torch.no_grad()
def _blend(average: list[Tensor], trained: list[nn.Parameter], keep: float) -> None:
    torch._foreach_mul_(average, keep)
    torch._foreach_add_(average, [parameter.detach() for parameter in trained], alpha=1 - keep)


def _save(
    stage: Stage,
    home: Home,
    optimizer: torch.optim.Optimizer,
    average: list[Tensor],
    trained: list[nn.Parameter],
    step: int,
    cpu_s: float,
    loss: float,
) -> None:
    module = stage.module
    home.save(
        _state(stage),
        {
            "module": module.state_dict(),
            "optimizer": optimizer.state_dict(),
            "average": list(average),
            "step": step,
            "cpu_s": cpu_s,
            "loss": loss,
        },
    )
    means = {id(parameter): mean for parameter, mean in zip(trained, average, strict=True)}
    weights = {name: means.get(id(value), value) for name, value in module.named_parameters()}
    home.save(f"{stage.name}.pt", {**module.state_dict(), **{name: value.detach() for name, value in weights.items()}})
