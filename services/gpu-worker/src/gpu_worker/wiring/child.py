"""The composition root of the GPU process: `python -m gpu_worker.wiring.child <socket fd> <parent pid>`."""

import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from darkroom_chassis.logs import configure_logging, get_logger

from gpu_worker.domain.failures import Failure
from gpu_worker.outputs.spool import SpoolSink
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.runtime.child_link import Send
from gpu_worker.runtime.child_loop import ChildLoop
from gpu_worker.runtime.device import NoDevice
from gpu_worker.runtime.messages import FileReady, RunStep, Setup
from gpu_worker.runtime.parent_death import die_with_parent
from gpu_worker.runtime.quiet_libraries import silence_model_libraries
from gpu_worker.settings import WorkerSettings

log = get_logger("gpu_worker.wiring.child")

_ENCODERS = 2


def make_executor(setup: Setup, send: Send) -> PipelineExecutor:
    """Put the pipelines together with sinks that encode outputs in threads; loads the profile's preloaded models."""
    encoders = ThreadPoolExecutor(_ENCODERS, thread_name_prefix="encode")

    def open_sink(step: RunStep, max_bytes: int, announce: Callable[[FileReady], None]) -> OutputSink:
        return SpoolSink(step.run_id, step.spool, max_bytes, encoders, announce)

    return PipelineExecutor(setup, send, open_sink)


def main() -> None:
    """Serve the parent on the socket that it opened for this process."""
    descriptor, parent_pid = map(int, sys.argv[1:3])
    die_with_parent(parent_pid)
    settings = WorkerSettings.load()
    configure_logging("gpu-worker", level=settings.log_level, log_format=settings.log_format)
    silence_model_libraries()
    try:
        ChildLoop(socket.socket(fileno=descriptor), make_executor).serve()
    except (Failure, NoDevice) as problem:
        log.error("The GPU process cannot start", reason=str(problem))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
