"""Prompt enhancement as a list of stages."""

from dataclasses import dataclass
from typing import Any

import torch
from darkroom_schemas.payload import MAX_PROMPT_CHARACTERS, PromptPayload

from gpu_worker.domain.prompt.enhanced import Enhancement, read_answer
from gpu_worker.pipelines import noise
from gpu_worker.pipelines.chat import chat_token_ids
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.loading import load_model
from gpu_worker.pipelines.stage import Stage, StageReport, run_stages
from gpu_worker.runtime.batches import with_room
from gpu_worker.runtime.child_link import StepLink
from gpu_worker.runtime.model_cache import AdmittedModel

INSTRUCTION = (
    "You turn short requests for pictures and videos into one detailed description for an image generator. "
    "Keep the subject and every detail that the user gave. "
    "Add setting, light, colours, camera angle, movement and style. "
    "Write one paragraph of plain English, without a heading, a list or a remark of your own."
)


@dataclass(slots=True)
class PromptState:
    """One enhancement."""

    payload: PromptPayload
    context: PipelineContext
    model: AdmittedModel | None = None
    result: Enhancement | None = None


def run_prompt(
    payload: PromptPayload, context: PipelineContext, link: StepLink
) -> tuple[Enhancement, dict[str, float]]:
    """Return the enhanced prompt, or the original one if the model wrote none, and the seconds that each stage took."""
    state = PromptState(payload, context)
    timings = run_stages(STAGES, state, link)
    if state.result is None:
        raise LookupError("the stage that writes did not run")
    return state.result, timings


def _load(state: PromptState, _: StageReport) -> None:
    state.model = load_model(state.context, state.payload)


@torch.inference_mode()
def _write(state: PromptState, report: StageReport) -> None:
    if state.model is None:
        raise LookupError("the model is not loaded yet")
    model, tokenizer = state.model.parts["model"], state.model.parts["tokenizer"]
    question = torch.tensor([chat_token_ids(tokenizer, INSTRUCTION, state.payload.prompt)], device=model.device)
    asked = question.shape[1]
    limit = state.payload.max_new_tokens

    def after_each_token(tokens: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
        report.tick(min(tokens.shape[1] - asked, limit), limit)
        return torch.zeros(tokens.shape[0], dtype=torch.bool, device=tokens.device)

    # generate() takes no generator, so the process's seed is set; the process runs one step at a time.
    torch.manual_seed(noise.generator_seed(state.payload.seeds[0]))
    answer = model.generate(
        question, attention_mask=torch.ones_like(question), max_new_tokens=limit, stopping_criteria=[after_each_token]
    )
    written = answer[0, asked:]
    state.result = read_answer(
        tokenizer.decode(written, skip_special_tokens=True),
        prompt=state.payload.prompt,
        was_cut=len(written) >= limit and int(written[-1]) not in _end_tokens(model),
        max_characters=MAX_PROMPT_CHARACTERS,
    )


def _end_tokens(model: Any) -> set[int]:  # transformers is untyped
    """Return the tokens that end an answer; a model may have one or several."""
    ends = model.generation_config.eos_token_id
    return set(ends) if isinstance(ends, list | tuple) else {ends}


def _write_with_room(state: PromptState, report: StageReport) -> None:
    models, name = state.context.models, state.payload.model
    with_room(lambda: _write(state, report), lambda: models.evict_others(name), "this prompt")


STAGES = (
    Stage("load", _load, 0.05, gives=("model",)),
    Stage("write", _write_with_room, 0.95, needs=("model",), gives=("result",)),
)
