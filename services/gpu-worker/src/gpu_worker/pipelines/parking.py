"""Weights that wait in page-locked main memory and visit the device when their module is called.

Weights do not change, so leaving copies nothing back: the module returns to the tensors that wait. Page-locked memory
is copied at the speed of the bus, 11 GB in about half a second over PCIe 4.0 ×16.
"""

from collections.abc import Iterator
from typing import Any

import torch
from darkroom_chassis.logs import get_logger

log = get_logger(__name__)


class ParkedModule:
    """Brings a module's weights to `device` when it is called; `leave` sends it back. One thread uses it."""

    def __init__(self, module: torch.nn.Module, device: torch.device) -> None:
        self._module, self._device = module, device
        self._waiting: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        """For each name the parameter or buffer, and the tensor with its values in main memory."""
        self._is_away = True
        self._is_page_locked = device.type == "cuda"
        self._park()
        self._handle = module.register_forward_pre_hook(self._arrive, with_kwargs=True, prepend=True)

    def leave(self) -> None:
        """Free the device: the module is back in main memory. Without effect if it is there."""
        if not self._is_away:
            self._is_away = True
            self._park()

    def forget(self) -> None:
        """Leave, and let the module be moved by others from now on."""
        self.leave()
        self._handle.remove()

    def _arrive(self, _module: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        from accelerate.utils import send_to_device

        if self._is_away:
            self._is_away = False
            for tensor in self._tensors().values():
                tensor.data = _copy(tensor.data, self._device)
        return send_to_device(args, self._device), send_to_device(kwargs, self._device)

    def _park(self) -> None:
        """Point every parameter and buffer at its tensor in main memory. New ones, as of a LoRA, are copied there."""
        parked = {}
        for name, tensor in self._tensors().items():
            known, values = self._waiting.get(name, (None, None))
            if known is not tensor or values is None:
                values = self._page_locked(tensor.data.to("cpu"))
            tensor.data = values
            parked[name] = tensor, values
        self._waiting = parked

    def _page_locked(self, values: torch.Tensor) -> torch.Tensor:
        if not self._is_page_locked:
            return values
        try:
            return values.pin_memory()
        except RuntimeError as error:  # the system limits page-locked memory
            self._is_page_locked = False
            log.warning("Weights wait in memory that is not page-locked, which is slower", reason=str(error)[:200])
            return values

    def _tensors(self) -> dict[str, torch.Tensor]:
        return dict(self._both())

    def _both(self) -> Iterator[tuple[str, torch.Tensor]]:
        yield from self._module.named_parameters()
        yield from self._module.named_buffers()


def _copy(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    return values.to(device, non_blocking=True)
