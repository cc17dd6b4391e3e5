"""Several processes that train one model: each works out the gradient of a batch of its own, and all use the mean.

On a CPU, layers as small as these hardly gain from a second thread, and a second process nearly doubles the speed.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.multiprocessing.spawn import spawn


@dataclass(frozen=True, slots=True)
class Team:
    """The processes that train together, as one of them sees them. The first one logs and saves."""

    rank: int = 0
    size: int = 1

    def share_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace the gradients by their mean over all processes, which is the same in each of them."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients]).div_(self.size)
        dist.all_reduce(flat)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def decide(self, answer: bool) -> bool:
        """Return the first process's answer in all of them."""
        if self.size == 1:
            return answer
        decided = torch.tensor([answer])
        dist.broadcast(decided, src=0)
        return bool(decided)


ALONE = Team()


def train_together(size: int, train: Callable[[Team], None]) -> None:
    """Call `train`, which has to be picklable, in `size` processes; raises what one of them raised."""
    if size == 1:
        train(ALONE)
        return
    with tempfile.TemporaryDirectory() as folder:
        spawn(_member, (size, Path(folder) / "meeting", train), nprocs=size)  # type: ignore[no-untyped-call]


def _member(rank: int, size: int, meeting: Path, train: Callable[[Team], None]) -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    dist.init_process_group("gloo", init_method=meeting.as_uri(), rank=rank, world_size=size)
    try:
        train(Team(rank, size))
    finally:
        dist.destroy_process_group()
