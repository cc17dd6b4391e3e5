"""Reports the progress of a pipeline that denoises a batch of images at once, and makes it stoppable."""

from typing import Any

from gpu_worker.pipelines.preview import Previews
from gpu_worker.pipelines.stage import StageReport


class BatchProgress:
    """The callback after each denoising step: reports progress, and raises Stopped after a stop request.

    A pipeline's interrupt flag is no alternative: the pipeline would return unfinished latents as a success.
    """

    def __init__(
        self, report: StageReport, previews: Previews, images_done: int, images_now: int, images_all: int
    ) -> None:
        self._report = report
        self._previews = previews
        self._images_done = images_done
        self._images_now = images_now
        self._images_all = images_all

    def __call__(self, pipeline: Any, step: int, _timestep: Any, changes: dict[str, Any]) -> dict[str, Any]:
        # Some samplers call the model twice per step; only the pipeline knows the number of calls.
        calls = pipeline.num_timesteps
        done = self._images_done * calls + (step + 1) * self._images_now
        self._report.tick(done, self._images_all * calls, self._previews.of(changes, self._images_done))
        return changes
