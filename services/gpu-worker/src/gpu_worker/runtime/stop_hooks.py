"""Makes long computations of models stoppable: a check runs before each repeated block, such as a transformer layer."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch


@contextmanager
def stoppable(parts: Iterable[Any], check: Callable[[], None]) -> Iterator[None]:  # Any: parts of pipelines are untyped
    """Call `check` before every block of the modules among `parts`. What it raises ends the computation.

    A pre-hook that returns nothing leaves the inputs alone, so the outputs do not change. On a GPU the check runs ahead
    of the device by the kernels that are queued, a fraction of a step.
    """

    def before_block(_module: torch.nn.Module, _inputs: object) -> None:
        check()

    with ExitStack() as hooks:
        for block in _blocks(parts):
            hooks.callback(block.register_forward_pre_hook(before_block).remove)
        yield


def _blocks(parts: Iterable[Any]) -> Iterator[torch.nn.Module]:
    """Yield each composite member of a ModuleList: layers of transformers, and blocks of U-Nets and decoders."""
    seen: set[torch.nn.Module] = set()
    for part in parts:
        if not isinstance(part, torch.nn.Module):
            continue
        for modules in part.modules():
            if isinstance(modules, torch.nn.ModuleList):
                for block in modules:
                    # A list holds None in place of an attention that a model leaves out.
                    if block is not None and block not in seen and next(block.children(), None) is not None:
                        seen.add(block)
                        yield block
