"""What the stages of a job share in every family; a family adds its payload and its own fields."""

from dataclasses import dataclass

from gpu_worker.pipelines.computation import Computation
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.encoded_text import EncodedText
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.runtime.model_cache import AdmittedModel


@dataclass(slots=True, kw_only=True)
class JobState:
    """One job. `text` holds the encoded prompts."""

    context: PipelineContext
    sink: OutputSink
    model: AdmittedModel | None = None
    computation: Computation | None = None
    text: EncodedText | None = None

    @property
    def loaded(self) -> AdmittedModel:
        """Return the model; raises LookupError before the load stage."""
        if self.model is None:
            raise LookupError("the model is not loaded yet")
        return self.model

    @property
    def encoded(self) -> EncodedText:
        """Return the encoded prompts; raises LookupError before they are encoded."""
        if self.text is None:
            raise LookupError("the prompts are not encoded yet")
        return self.text

    @property
    def computed(self) -> Computation:
        """Return how the latents were computed; raises LookupError before the denoise stage."""
        if self.computation is None:
            raise LookupError("nothing is denoised yet")
        return self.computation
