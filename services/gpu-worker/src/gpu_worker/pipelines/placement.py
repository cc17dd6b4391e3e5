"""Moves the components of a model between the device and main memory."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from gpu_worker.domain.memory.footprint import DENOISERS, TEXT_ENCODERS, Component
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.pipelines.parking import ParkedModule
from gpu_worker.runtime.device import weights_bytes

Parts = Mapping[str, Any]  # Any: components of diffusers are untyped
_NAMES = frozenset(component.value for component in Component)


def components(parts: Parts) -> dict[Component, torch.nn.Module]:
    """Return the parts that have weights."""
    return {
        Component(name): part for name, part in parts.items() if name in _NAMES and isinstance(part, torch.nn.Module)
    }


def component_weights(parts: Parts) -> dict[Component, int]:
    """Return the bytes of each component's weights and buffers, before any of them is placed.

    A streamed component counts tied weights twice.
    """
    return {component: weights_bytes(module) for component, module in components(parts).items()}


def place(parts: Parts, placement: Placement, device: torch.device) -> None:
    """Move the components to where a placement has them between steps, whatever the placement was before.

    `OFFLOADED` leaves all of them in main memory: each job's pipeline moves them in turn (`enable_model_cpu_offload`).
    """
    modules = components(parts)
    forget_hooks(parts)
    waiting = {} if placement is Placement.RESIDENT else {name: modules[name] for name in _waiting(modules, placement)}
    # What leaves the device goes first.
    for module in waiting.values():
        module.to("cpu")
    for name, module in modules.items():
        if name not in waiting:
            module.to(device)
    if placement in (Placement.TEXT_OUT, Placement.TEXT_STREAMED):
        _name_device([module for name, module in modules.items() if name not in waiting], device)
    if placement is Placement.TEXT_OUT:
        _leave_after_encoding(modules, waiting, device)
    elif placement is Placement.TEXT_STREAMED:
        _stream(waiting, device)


def forget_hooks(parts: Parts) -> None:
    """Take the components off their placement, so that their layers may be replaced; `place` puts them back."""
    for module in components(parts).values():
        _forget_hooks(module)


def _name_device(modules: Iterable[torch.nn.Module], device: torch.device) -> None:
    """Say where the components are: a pipeline otherwise takes the first one's device, maybe a text encoder's."""
    from accelerate.hooks import AlignDevicesHook, add_hook_to_module

    for module in modules:
        add_hook_to_module(module, AlignDevicesHook(execution_device=device))


def clear_text(parts: Parts) -> None:
    """Let text encoders that leave after encoding leave now, for a step that ended before its denoiser was called."""
    for module in components(parts).values():
        leave = getattr(module, _LEAVE, None)
        if leave is not None:
            leave()


def _waiting(modules: Mapping[Component, torch.nn.Module], placement: Placement) -> list[Component]:
    return [name for name in modules if placement is Placement.OFFLOADED or name in TEXT_ENCODERS]


def _leave_after_encoding(
    modules: Mapping[Component, torch.nn.Module], encoders: Mapping[Component, torch.nn.Module], device: torch.device
) -> None:
    """Bring each text encoder to the device when it is called; all of them leave when the denoiser is called."""
    parked = [ParkedModule(encoder, device) for encoder in encoders.values()]
    for encoder, waits in zip(encoders.values(), parked, strict=True):
        setattr(encoder, _PARKED, waits)

    def leave(*_: object) -> None:
        for waits in parked:
            waits.leave()

    for name, module in modules.items():
        if name in DENOISERS:
            setattr(module, _LEAVE, leave)
            setattr(module, _HANDLE, module.register_forward_pre_hook(leave))


def _stream(encoders: Mapping[Component, torch.nn.Module], device: torch.device) -> None:
    """Let each layer's weights pass through the device for its own call."""
    from accelerate import cpu_offload

    for encoder in encoders.values():
        cpu_offload(encoder, execution_device=device)


_LEAVE, _HANDLE, _PARKED = "_darkroom_leave", "_darkroom_leave_hook", "_darkroom_parked"


def _forget_hooks(module: torch.nn.Module) -> None:
    from accelerate.hooks import remove_hook_from_module

    remove_hook_from_module(module, recurse=True)
    waits = module.__dict__.pop(_PARKED, None)
    if waits is not None:
        waits.forget()
    module.__dict__.pop(_LEAVE, None)
    handle = module.__dict__.pop(_HANDLE, None)
    if handle is not None:
        handle.remove()
