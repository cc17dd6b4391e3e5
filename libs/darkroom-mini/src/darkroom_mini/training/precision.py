"""Layers in bfloat16, for CPUs that have units for it (AMX) and for GPUs. Weights stay in single precision."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode


@contextmanager
def bfloat16(device: torch.device, *, enabled: bool) -> Iterator[None]:
    """Work out layers in bfloat16 within the block, if enabled; twice as fast for a decoder on AMX."""
    if not enabled:
        yield
        return
    attention = _SinglePrecisionAttention() if device.type == "cpu" else nullcontext()
    with torch.autocast(device.type, torch.bfloat16), attention:
        yield


class _SinglePrecisionAttention(TorchFunctionMode):
    """Keeps attention in single precision: on a CPU, its gradient takes fifteen times as long in bfloat16."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        _types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if function is not scaled_dot_product_attention:
            return function(*args, **(kwargs or {}))
        query, key, value, *rest = args
        with torch.autocast("cpu", enabled=False):
            attended = function(query.float(), key.float(), value.float(), *rest, **(kwargs or {}))
        return attended.to(query.dtype)
