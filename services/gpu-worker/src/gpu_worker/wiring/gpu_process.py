"""The composition root of the GPU process."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from gpu_worker.outputs.spool import SpoolSink
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.runtime.child_link import Send
from gpu_worker.runtime.messages import FileReady, RunStep, Setup

_ENCODERS = 2


def make_executor(setup: Setup, send: Send) -> PipelineExecutor:
    """Join the pipelines with sinks that encode outputs in threads; loads the models that the profile preloads."""
    encoders = ThreadPoolExecutor(_ENCODERS, thread_name_prefix="encode")

    def open_sink(step: RunStep, max_bytes: int, announce: Callable[[FileReady], None]) -> OutputSink:
        return SpoolSink(step.run_id, step.spool, max_bytes, encoders, announce)

    return PipelineExecutor(setup, send, open_sink)
