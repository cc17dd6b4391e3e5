"""A GPU process for tests, without torch: its steps fail in the way that their prompt names."""

import os
import signal
import socket
import sys
import threading

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import ModelRef, Recipe
from gpu_worker.domain.failures import Failure
from gpu_worker.models.files import ModelFiles
from gpu_worker.runtime.child_link import Send, StepLink
from gpu_worker.runtime.child_loop import ChildLoop
from gpu_worker.runtime.messages import FileReady, Ready, RunStep, Setup, StepDone
from gpu_worker.runtime.parent_death import die_with_parent


class FaultExecutor:
    """Does what the prompt says."""

    def __init__(self, setup: Setup, send: Send) -> None:
        self._never = threading.Event()
        self._counts = True
        self.added: tuple[str, ...] = ()

    def ready(self) -> Ready:
        return Ready(device="cpu", device_name="cpu", memory_bytes=0, usable_bytes=0)

    def memory_bytes(self) -> int:
        if not self._counts:
            raise RuntimeError("OrderedDict mutated during iteration")
        return 0

    def resident_models(self) -> tuple[str, ...]:
        return ()

    def add_model(self, name: str, files: ModelFiles | None, link: StepLink) -> None:
        match name:
            case "broken":
                raise RuntimeError("invalid header")
            case "deadly":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "gate" if files is not None:
                while not files.path.exists():
                    self._never.wait(0.01)
            case "removed" if files is not None and not files.path.exists():
                raise Failure(StepErrorCode.MODEL_UNAVAILABLE, "removed does not exist")
        link.check()
        self.added += (name,)

    def run(self, step: RunStep, link: StepLink) -> StepDone:
        link.progress(1.0, "begun")
        match step.payload.prompt:
            case "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "freeze":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "babble":
                os.write(int(sys.argv[1]), b"\xff" * 64)
                self._never.wait()
            case "miscount":
                self._counts = False
            case "hang":
                self._never.wait()
            case "obey":
                while not self._never.wait(0.01):
                    link.check()
            case "broken context":
                raise RuntimeError("CUDA error: an illegal memory access was encountered")
            case "models":
                return StepDone(run_id=step.run_id, text=" ".join(self.added))
            case "draw":
                link.file_ready(_draw(step))
            case "error":
                raise RuntimeError("broken")
        return StepDone(run_id=step.run_id, text=f"{step.payload.prompt} by {os.getpid()}")


def _draw(step: RunStep) -> FileReady:
    path, thumbnail = step.spool / "0.png", step.spool / "0.thumbnail.webp"
    path.write_bytes(b"picture")
    thumbnail.write_bytes(b"small")
    recipe = Recipe(
        prompt="draw", seed=1, width=8, height=8, steps=1, guidance_scale=1.0, sampler="Euler",
        model=ModelRef(name="m", source="test"), batch_shape=(1,), device="cpu", dtype="float32", threads=1,
        libraries={}, profile="tiny",
    )  # fmt: skip
    return FileReady(
        run_id=step.run_id, index=0, path=path, thumbnail=thumbnail, mime_type="image/png", width=8, height=8,
        recipe=recipe,
    )  # fmt: skip


if __name__ == "__main__":
    die_with_parent(int(sys.argv[2]))
    ChildLoop(socket.socket(fileno=int(sys.argv[1])), FaultExecutor).serve()
