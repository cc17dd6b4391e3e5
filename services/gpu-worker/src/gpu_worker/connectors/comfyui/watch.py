"""What the events of one prompt say: its progress, its outputs, and how it ended."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from gpu_worker.connectors.comfyui.answers import Finished, Outcome
from gpu_worker.connectors.comfyui.frames import Event
from gpu_worker.connectors.comfyui.progress import GraphProgress, Progress


class PromptWatch:
    """Listens to one prompt. `on_output` gets each node's output once it is complete."""

    def __init__(
        self,
        progress: GraphProgress,
        on_progress: Callable[[Progress], None],
        on_output: Callable[[str, Mapping[str, Any]], None],
        on_preview: Callable[[bytes], None],
    ) -> None:
        self._progress, self._on_progress = progress, on_progress
        self._on_output, self._on_preview = on_output, on_preview
        self._changed = asyncio.Event()
        self._has_outputs = False
        self.finished: Finished | None = None
        self.is_complete = True
        """Whether all events since the start of the prompt were seen. If not, only the history has all outputs."""
        self.must_look = False
        """Whether only the queue and the history know the state of the prompt."""

    def event(self, event: Event) -> None:
        """Read an event of the prompt."""
        data = event.data
        match event.kind:
            case "execution_cached" if isinstance(data.get("nodes"), list):
                self._progress.cached(data["nodes"])
            case "executing" if data.get("node") is None:
                self.doubt()  # it has ended: the history says how, if the events did not
            case "executing":
                self._progress.executing(data["node"])
            case "progress":
                self._progress.advanced(data.get("node"), data.get("value"), data.get("max"))
            case "progress_state" if isinstance(data.get("nodes"), dict):
                self._progress.states(data["nodes"])
            case "executed":
                self._executed(data)
            case "execution_success":
                self._succeeded()
            case "execution_error":
                self.end(Finished(Outcome.FAILED, error=data))
            case "execution_interrupted":
                self.end(Finished(Outcome.INTERRUPTED))
        self._on_progress(self._progress.now)

    def preview(self, image: bytes) -> None:
        """Hand on a preview."""
        self._on_preview(image)

    def missed(self) -> None:
        """Events may have been missed."""
        self.is_complete = False
        self.doubt()

    def doubt(self) -> None:
        """Ask for the state soon."""
        if self.finished is None:
            self.must_look = True
            self._changed.set()

    def end(self, finished: Finished) -> None:
        """Record how the prompt ended; the first report counts."""
        if self.finished is None:
            self.finished = finished
            self._changed.set()

    async def changed(self, timeout_s: float) -> None:
        """Wait until the prompt ended or its state is in doubt, at most so long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def _executed(self, data: Mapping[str, Any]) -> None:
        node, output = data.get("node"), data.get("output")
        self._progress.finished(node)
        if isinstance(node, str) and isinstance(output, dict):
            self._has_outputs = True
            self._on_output(node, output)

    def _succeeded(self) -> None:
        """End, unless outputs may have been missed: then only the history, a moment later, has them all."""
        if self.is_complete and self._has_outputs:
            self.end(Finished(Outcome.SUCCEEDED))
        else:
            self.doubt()
