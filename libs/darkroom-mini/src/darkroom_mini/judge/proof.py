"""Draws the prompts of the proof with a model and scores the pictures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from PIL import Image

from darkroom_mini.judge.prompts import Prompt
from darkroom_mini.judge.questions import QUESTIONS

_BATCH = 10
_SEED_STEP = 100_000
TWO_THINGS = "two things"


class Answering(Protocol):
    """What says what a picture shows."""

    def answer(self, pictures: Sequence[Image.Image]) -> list[dict[str, str]]:
        """Return the answer to each question about each picture."""


Scores = dict[str, dict[str, float]]
Draw = Callable[[Sequence[Prompt], int], list[Image.Image]]


def open_pipeline(folder: Path, *, random_weights: bool) -> Any:  # Any: diffusers is untyped
    """Load the model of a folder in single precision; with random weights, its UNet is a new one."""
    from diffusers import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    if random_weights:
        torch.manual_seed(0)
        pipeline.unet = type(pipeline.unet).from_config(pipeline.unet.config).eval()
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw_with(pipeline: Any, *, steps: int, guidance: float) -> Draw:
    """Return what draws one picture of each prompt; prompt n with the seed of the pass plus n."""

    def draw(prompts: Sequence[Prompt], seed: int) -> list[Image.Image]:
        pictures: list[Image.Image] = []
        for start in range(0, len(prompts), _BATCH):
            some = prompts[start : start + _BATCH]
            generators = [torch.Generator().manual_seed(seed + start + place) for place in range(len(some))]
            pictures += pipeline(
                prompt=[prompt.text for prompt in some],
                generator=generators,
                num_inference_steps=steps,
                guidance_scale=guidance,
            ).images
        return pictures

    return draw


def prove(judge: Answering, draw: Draw, prompts: Sequence[Prompt], passes: int) -> Scores:
    """Return the share of right answers: of all prompts, of seen and of unseen combinations, and by chance.

    Chance is the score of the same pictures against the prompts of others.
    """
    answers: list[dict[str, str]] = []
    for number in range(passes):
        answers += judge.answer(draw(prompts, (number + 1) * _SEED_STEP))
        print(f"pass {number + 1} of {passes} is drawn", flush=True)
    asked = list(prompts) * passes
    pairs = list(zip(asked, answers, strict=True))
    others = list(zip(asked[1:] + asked[:1], answers, strict=True))
    return {
        "all": _shares(pairs),
        "seen": _shares([pair for pair in pairs if not pair[0].unseen]),
        "unseen": _shares([pair for pair in pairs if pair[0].unseen]),
        "chance": _shares(others),
    }


def _shares(pairs: Sequence[tuple[Prompt, dict[str, str]]]) -> dict[str, float]:
    shares = {}
    for question in QUESTIONS:
        right = [
            answer[question] == prompt.expected[question] for prompt, answer in pairs if question in prompt.expected
        ]
        if right:
            shares[question] = sum(right) / len(right)
    both = [
        answer["subject"] == prompt.expected["subject"]
        and answer["second subject"] == prompt.expected["second subject"]
        for prompt, answer in pairs
        if "second subject" in prompt.expected
    ]
    if both:
        shares[TWO_THINGS] = sum(both) / len(both)
    return shares
