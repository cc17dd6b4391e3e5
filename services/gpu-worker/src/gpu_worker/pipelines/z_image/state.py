"""The state that the stages of one Z-Image job share."""

from dataclasses import dataclass

import torch
from darkroom_schemas.payload import ImagePayload

from gpu_worker.pipelines.computation import Computation
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.encoded_text import EncodedText
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.runtime.model_cache import AdmittedModel


@dataclass(slots=True)
class ZImageState:
    """One job. `text` holds the encoded prompts, `batches` the finished latents, in the order of the seeds."""

    payload: ImagePayload
    context: PipelineContext
    sink: OutputSink
    model: AdmittedModel | None = None
    computation: Computation | None = None
    text: EncodedText | None = None
    batches: list[torch.Tensor] | None = None

    @property
    def loaded(self) -> AdmittedModel:
        """Return the model; raises LookupError before the load stage."""
        if self.model is None:
            raise LookupError("the model is not loaded yet")
        return self.model

    @property
    def encoded(self) -> EncodedText:
        """Return the encoded prompts; raises LookupError before the encode stage."""
        if self.text is None:
            raise LookupError("the prompts are not encoded yet")
        return self.text

    @property
    def computed(self) -> Computation:
        """Return how the latents were computed; raises LookupError before the denoise stage."""
        if self.computation is None:
            raise LookupError("nothing is denoised yet")
        return self.computation
