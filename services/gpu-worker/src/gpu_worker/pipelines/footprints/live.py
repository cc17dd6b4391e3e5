"""Counts the bytes of tensors that are alive while a model runs on torch's meta device."""

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves its own base class untyped
    """Records the peak of the bytes in storages that operations create. Storages of `known` tensors count nothing.

    The count leaves out workspaces of cuDNN and cuBLAS, and what the CUDA allocator rounds up.
    """

    def __init__(self, known: Iterable[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as above
        self._current = 0
        self._seen = {tensor.untyped_storage()._cdata for tensor in known}
        self.peak = 0

    def __torch_dispatch__(
        self, operation: Callable[..., Any], _types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:  # Any: torch's protocol, whose operations return anything
        result = operation(*args, **(kwargs or {}))
        for leaf in tree_flatten(result)[0]:
            if isinstance(leaf, torch.Tensor):
                self._count(leaf.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return
        self._seen.add(key)
        self._current += size
        self.peak = max(self.peak, self._current)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self._current -= size


@contextmanager
def _fused_attention() -> Iterator[None]:
    """Let attention allocate its result only, as the fused kernels do; the meta device would build the whole matrix."""

    def attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:  # noqa: ARG001
        return query.new_empty(*query.shape[:-1], value.shape[-1])

    functional = torch.nn.functional
    original = functional.scaled_dot_product_attention
    functional.scaled_dot_product_attention = attention
    try:
        yield
    finally:
        functional.scaled_dot_product_attention = original


def weights_of(module: Any) -> list[torch.Tensor]:  # components of diffusers are untyped
    """Return the parameters and buffers."""
    return [*module.parameters(), *module.buffers()]


def work_bytes(modules: Iterable[Any], call: Callable[[], object]) -> int:
    """Return the peak of live bytes during `call`, which runs the modules on the meta device, without their weights."""
    known = [tensor for module in modules for tensor in weights_of(module)]
    with torch.device("meta"), torch.inference_mode(), _fused_attention(), LiveBytes(known) as live:
        call()
    peak: int = live.peak
    return peak
