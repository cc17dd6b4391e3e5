"""`child.py OPTIONS FD PID`: the worker's GPU process, disturbed as the name of each run asks for it."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from darkroom_chassis.logs import configure_logging
from disturbance import ASSERT, OOM, Options
from gpu_worker.models.files import ModelFiles
from gpu_worker.runtime.child_link import Send, StepLink
from gpu_worker.runtime.child_loop import ChildLoop
from gpu_worker.runtime.messages import Ready, RunStep, Setup, StepDone
from gpu_worker.runtime.parent_death import die_with_parent
from gpu_worker.runtime.quiet_libraries import silence_model_libraries
from gpu_worker.wiring.gpu_process import make_executor

_SMALLEST_PIECE = 1024**2
_DENOISERS = ("unet", "transformer")


class Ballast:
    """Fills the memory of the GPU, so that the next allocation fails for real. On a CPU, one call raises instead."""

    def __init__(self) -> None:
        self._pieces: list[torch.Tensor] = []

    def fill(self) -> None:
        """Leave no piece of a mebibyte free; without CUDA, raise the error that would follow."""
        if not torch.cuda.is_available():
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        size, _ = torch.cuda.mem_get_info()
        while size >= _SMALLEST_PIECE:
            try:
                self._pieces.append(torch.empty(size, dtype=torch.uint8, device="cuda"))
            except torch.OutOfMemoryError:
                size //= 2

    def drop(self) -> None:
        """Free it all."""
        self._pieces.clear()


def assert_on_device(*_: object) -> None:
    """Index out of bounds, which a kernel asserts; without CUDA, raise the error that would follow."""
    if not torch.cuda.is_available():
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")
    torch.zeros(1, device="cuda")[torch.full((1,), 7, device="cuda")].sum().item()


class DisturbedExecutor:
    """The worker's executor. It runs a step as its run id, `disturbance@number`, says."""

    def __init__(self, options: Options, setup: Setup, send: Send) -> None:
        self._options = options
        self._executor = make_executor(setup, send)
        self._ballast = Ballast()
        self._prepared: set[int] = set()
        make_room = self._executor.models.evict_others

        def evict_others(name: str) -> None:
            self._ballast.drop()
            make_room(name)

        self._executor.models.evict_others = evict_others  # type: ignore[method-assign]  # the ballast is what leaves

    def ready(self) -> Ready:
        return self._executor.ready()

    def memory_bytes(self) -> int:
        return self._executor.memory_bytes()

    def resident_models(self) -> tuple[str, ...]:
        return self._executor.resident_models()

    def add_model(self, name: str, files: ModelFiles | None, link: StepLink) -> None:
        self._executor.add_model(name, files, link)

    def run(self, step: RunStep, link: StepLink) -> StepDone:
        """Run one step."""
        disturbance = step.run_id.partition("@")[0]
        with ExitStack() as stack:
            stack.callback(self._ballast.drop)
            if self._options != Options():
                self._prepare(step.payload.model)
            if disturbance == f"{OOM}load":
                self._executor.models.evict_others("")
                stack.enter_context(_at_first_move(self._ballast.fill))
            elif disturbance:
                self._hook(stack, step.payload.model, disturbance)
            return self._executor.run(step, link)

    def _prepare(self, model: str) -> None:
        """Choose the attention of the model's denoiser and compile its repeated blocks, once for each load."""
        parts = self._executor.models.get(model).parts
        for denoiser in (parts[name] for name in _DENOISERS if name in parts):
            if id(denoiser) in self._prepared:
                continue
            self._prepared.add(id(denoiser))
            if self._options.attention is not None:
                denoiser.set_attention_backend(self._options.attention)
            if self._options.compile is not None:
                denoiser.compile_repeated_blocks(backend=self._options.compile)

    def _hook(self, stack: ExitStack, model: str, disturbance: str) -> None:
        parts = self._executor.models.get(model).parts
        denoiser = next(parts[name] for name in _DENOISERS if name in parts)
        places = {"encode": parts["text_encoder"], "denoise": denoiser, "decode": parts["vae"].decoder}
        if disturbance == ASSERT:
            module, action = denoiser, assert_on_device
        else:
            module, action = places[disturbance.removeprefix(OOM)], _once(self._ballast.fill)
        stack.callback(module.register_forward_pre_hook(action).remove)


def _once(action: Callable[[], None]) -> Callable[..., None]:
    actions = [action]

    def first(*_: object) -> None:
        if actions:
            actions.pop()()

    return first


@contextmanager
def _at_first_move(action: Callable[[], None]) -> Iterator[None]:
    """Run the action before the first module is moved to the device."""
    usual, first = torch.nn.Module.to, _once(action)

    def move(module: torch.nn.Module, *args: Any, **options: Any) -> torch.nn.Module:
        first()
        return usual(module, *args, **options)

    torch.nn.Module.to = move  # type: ignore[assignment,method-assign]  # restored below
    try:
        yield
    finally:
        torch.nn.Module.to = usual  # type: ignore[method-assign]


if __name__ == "__main__":
    options, descriptor, parent = Options.from_json(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    die_with_parent(parent)
    configure_logging("gpu-worker", level="ERROR")
    silence_model_libraries()
    ChildLoop(socket.socket(fileno=descriptor), lambda setup, send: DisturbedExecutor(options, setup, send)).serve()
