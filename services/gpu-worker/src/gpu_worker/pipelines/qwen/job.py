"""Prompt enhancement as a list of stages."""

import unicodedata
from dataclasses import dataclass
from typing import Any

import torch
from darkroom_schemas.payload import PromptPayload

from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.stage import Stage, StageReport, run_stages
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
    text: str | None = None


def run_prompt(payload: PromptPayload, context: PipelineContext, link: StepLink) -> tuple[str, dict[str, float]]:
    """Return the enhanced prompt and the seconds that each stage took."""
    state = PromptState(payload, context)
    timings = run_stages(STAGES, state, link)
    # Without any printable text in the answer, the original prompt is used.
    return state.text or payload.prompt, timings


def _load(state: PromptState, _: StageReport) -> None:
    state.model = state.context.admit(state.payload)


@torch.inference_mode()
def _write(state: PromptState, report: StageReport) -> None:
    if state.model is None:
        raise LookupError("the model is not loaded yet")
    model, tokenizer = state.model.parts["model"], state.model.parts["tokenizer"]
    turns = [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": state.payload.prompt}]
    question = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    question = question.to(model.device)
    asked = question["input_ids"].shape[1]
    limit = state.payload.max_new_tokens

    def after_each_token(tokens: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
        report.tick(min(tokens.shape[1] - asked, limit), limit)
        return torch.zeros(tokens.shape[0], dtype=torch.bool, device=tokens.device)

    # generate() takes no generator, so the process's seed is set; the process runs one step at a time.
    torch.manual_seed(state.payload.seeds[0])
    answer = model.generate(**question, max_new_tokens=limit, stopping_criteria=[after_each_token])
    state.text = _tidy(tokenizer.decode(answer[0, asked:], skip_special_tokens=True))


def _tidy(text: str) -> str:
    """Remove control and replacement characters, and collapse white space."""
    kept = (" " if character.isspace() else character for character in text)
    printable = "".join(c for c in kept if unicodedata.category(c)[0] != "C" and c != "�")
    return " ".join(printable.split())


STAGES = (
    Stage("load", _load, 0.05, gives=("model",)),
    Stage("write", _write, 0.95, needs=("model",), gives=("text",)),
)
