"""The real GPU process on the tiny SDXL model; the fault that `original_prompt` names happens inside the real work."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from darkroom_chassis.logs import configure_logging
from darkroom_schemas.payload import ImagePayload
from gpu_worker.models.files import ModelFiles
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.runtime.child_link import Send, StepLink
from gpu_worker.runtime.child_loop import ChildLoop
from gpu_worker.runtime.messages import Ready, RunStep, Setup, StepDone
from gpu_worker.runtime.parent_death import die_with_parent
from gpu_worker.runtime.quiet_libraries import silence_model_libraries
from gpu_worker.wiring.gpu_process import make_executor

OUT_OF_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
CUBLAS = RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")


def once(error: Exception) -> Callable[..., None]:
    """Return a hook that raises the error at its first call."""
    errors = [error]

    def hook(*_: object) -> None:
        if errors:
            raise errors.pop()

    return hook


def always(error: Exception) -> Callable[..., None]:
    """Return a hook that raises the error at each call."""

    def hook(*_: object) -> None:
        raise error

    return hook


def hang(*_: object) -> None:
    """Never return."""
    threading.Event().wait()


def crash(*_: object) -> None:
    """End the process as an invalid access to memory does."""
    os.kill(os.getpid(), signal.SIGSEGV)


def spoil(_module: object, _inputs: object, output: Any) -> None:
    """Put a NaN into what a model computed."""
    output[0].view(-1)[0] = torch.nan


class FaultyExecutor:
    """The real executor, disturbed."""

    def __init__(self, setup: Setup, send: Send) -> None:
        self._executor: PipelineExecutor = make_executor(setup, send)

    def ready(self) -> Ready:
        return self._executor.ready()

    def memory_bytes(self) -> int:
        return self._executor.memory_bytes()

    def resident_models(self) -> tuple[str, ...]:
        return self._executor.resident_models()

    def add_model(self, name: str, files: ModelFiles | None, link: StepLink) -> None:
        self._executor.add_model(name, files, link)

    def run(self, step: RunStep, link: StepLink) -> StepDone:
        assert isinstance(step.payload, ImagePayload)
        with ExitStack() as faults:
            faults.enter_context(self._fault(step.payload.original_prompt, step.payload.model, link))
            return self._executor.run(step, link)

    @contextmanager
    def _fault(self, name: str | None, model: str, link: StepLink) -> Iterator[None]:
        models = self._executor.models
        match name:
            case "out of memory at load" | "stop in load" | "reload":
                models.evict_others("")
                with self._during_load(name, link):
                    yield
                return
            case None:
                yield
                return
        parts = models.get(model).parts
        unet, decoder = parts["unet"], parts["vae"].decoder
        before: dict[str, tuple[torch.nn.Module, Callable[..., None]]] = {
            "illegal address": (unet, always(torch.AcceleratorError("CUDA error: an illegal memory access"))),
            "out of memory at denoise": (unet, once(OUT_OF_MEMORY)),
            "out of memory at decode": (decoder, once(OUT_OF_MEMORY)),
            "too large for the decoder": (decoder, always(OUT_OF_MEMORY)),
            "cublas": (unet, once(CUBLAS)),
            "hang": (unet, hang),
            "segfault": (unet, crash),
        }
        if name == "nan":
            hook = unet.register_forward_hook(spoil)
        else:
            module, action = before[name]
            hook = module.register_forward_pre_hook(action)
        try:
            yield
        finally:
            hook.remove()

    @contextmanager
    def _during_load(self, name: str, link: StepLink) -> Iterator[None]:
        usual = torch.nn.Module.to
        fail = once(OUT_OF_MEMORY)

        def disturbed(module: torch.nn.Module, *args: Any, **options: Any) -> torch.nn.Module:
            if name == "out of memory at load":
                fail()
            elif name == "stop in load":
                assert link._stop.wait(30), "the stop did not arrive"
            return usual(module, *args, **options)

        torch.nn.Module.to = disturbed  # type: ignore[assignment,method-assign]  # restored below
        try:
            yield
        finally:
            torch.nn.Module.to = usual  # type: ignore[method-assign]


if __name__ == "__main__":
    die_with_parent(int(sys.argv[2]))
    configure_logging("gpu-worker")
    silence_model_libraries()
    torch.set_num_threads(1)
    ChildLoop(socket.socket(fileno=int(sys.argv[1])), FaultyExecutor).serve()
