"""Declares the family Qwen 2.5, whose models enhance prompts."""

from pathlib import Path
from typing import TYPE_CHECKING

from darkroom_schemas.payload import AnyPayload, PromptPayload

from gpu_worker.domain.memory.footprint import Footprint, Shape, StageName
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.family import LanguageModelFolder, Shapes
from gpu_worker.pipelines.family import Finished, PipelineFamily, Work

if TYPE_CHECKING:
    from gpu_worker.models.registry import ModelEntry
    from gpu_worker.pipelines.context import LoadContext
    from gpu_worker.runtime.model_cache import LoadedModel

_INSTRUCTION_TOKENS = 256


def _shapes(payload: AnyPayload) -> Shapes:
    """A token has at least one byte of the text."""
    if not isinstance(payload, PromptPayload):
        raise TypeError(f"a payload of the family {payload.family} is no prompt")
    tokens = _INSTRUCTION_TOKENS + len(payload.prompt.encode()) + payload.max_new_tokens
    return {StageName.WRITE: Shape(tokens)}


def _load(name: str, entry: "ModelEntry", placement: Placement, context: "LoadContext") -> "LoadedModel":
    from gpu_worker.pipelines.qwen.load import load_qwen

    return load_qwen(name, entry, placement, context)


def _run(work: Work[PromptPayload]) -> Finished:
    from gpu_worker.pipelines.qwen.job import run_prompt

    result, timings = run_prompt(work.payload, work.context, work.link)
    return Finished(timings, result.notes, text=result.text, enhanced=result.failure is None)


def _build_tiny(folder: Path) -> None:
    from gpu_worker.pipelines.qwen.tiny import build_qwen

    build_qwen(folder)


def _measure() -> Footprint:
    from gpu_worker.pipelines.qwen.footprint import measure_qwen

    return measure_qwen()


QWEN = PipelineFamily(
    name="qwen",
    serves=("prompt",),
    folder=LanguageModelFolder(),
    architecture="qwen2.5-7b",
    stage_shapes=_shapes,
    build_tiny=_build_tiny,
    load=_load,
    run=_run,
    measure=_measure,
)
