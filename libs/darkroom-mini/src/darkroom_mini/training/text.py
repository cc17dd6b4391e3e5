"""Both CLIP text encoders, trained on captions alone: they learn to say what a caption states."""

from collections.abc import Sequence
from functools import cached_property
from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from darkroom_mini.captions.caption import Attribute
from darkroom_mini.captions.grammar import describe
from darkroom_mini.captions.sampling import sample_scene
from darkroom_mini.training.home import Home
from darkroom_mini.training.loop import Pace
from darkroom_mini.training.plan import Plan
from darkroom_mini.training.vocabulary import token_ids, tokenizers
from darkroom_mini.world.scene import Colour, Place, Scene, Setting, Style, Time, Weather
from darkroom_mini.world.subjects.catalogue import SUBJECTS

_UNSTATED = "-"
_LENGTH = 48
"""Tokens of a caption in training; longer ones are cut."""
_SMALL_STATES = 3e-3
_HEAD_WIDTH = 8

ANSWERS: dict[str, tuple[str, ...]] = {
    "subject": (*SUBJECTS, _UNSTATED),
    "colour": (*Colour, _UNSTATED),
    "second_subject": (*SUBJECTS, _UNSTATED),
    "second_colour": (*Colour, _UNSTATED),
    "count": ("1", "2", "3"),
    "setting": (*Setting, _UNSTATED),
    "time": (*Time, _UNSTATED),
    "weather": (*Weather, _UNSTATED),
    "style": (*Style, _UNSTATED),
    "place": (*Place, _UNSTATED),
}
"""What is asked of a caption, and the possible answers."""


def answers_of(scene: Scene, stated: frozenset[Attribute]) -> list[int]:
    """Return the index of the right answer to each question."""
    first, second = (*scene.things, None, None)[:2]
    known = {
        "subject": first.subject if first else _UNSTATED,
        "colour": first.colour if first and Attribute.COLOUR in stated else _UNSTATED,
        "second_subject": second.subject if second else _UNSTATED,
        "second_colour": second.colour if second and Attribute.SECOND_COLOUR in stated else _UNSTATED,
        "count": str(scene.count),
        "setting": scene.setting if Attribute.SETTING in stated else _UNSTATED,
        "time": scene.time if Attribute.TIME in stated else _UNSTATED,
        "weather": scene.weather if Attribute.WEATHER in stated else _UNSTATED,
        "style": scene.style if Attribute.STYLE in stated else _UNSTATED,
        "place": scene.place if Attribute.PLACE in stated else _UNSTATED,
    }
    return [choices.index(known[question]) for question, choices in ANSWERS.items()]


class TextEncoders(nn.Module):
    """Both encoders, and the linear readers that are used in training only."""

    def __init__(self, plan: Plan, vocabulary: int) -> None:
        """Build them with random weights; `vocabulary` is the number of tokens."""
        from transformers import CLIPTextModel, CLIPTextModelWithProjection

        super().__init__()
        torch.manual_seed(plan.seed)
        first, second = plan.text_hidden
        self.first = CLIPTextModel(_config(plan, first, first, vocabulary, "quick_gelu"))
        self.second = CLIPTextModelWithProjection(_config(plan, second, plan.pooled, vocabulary, "gelu"))
        for encoder in (self.first, self.second):
            for name, parameter in encoder.named_parameters():
                if "token_embedding" in name:
                    nn.init.normal_(parameter, std=0.3)
                elif "position_embedding" in name:
                    nn.init.normal_(parameter, std=0.1)
                elif parameter.ndim == 2:
                    nn.init.normal_(parameter, std=0.7 * parameter.shape[1] ** -0.5)
        answers = sum(map(len, ANSWERS.values()))
        self.readers = nn.ModuleList(nn.Linear(width, answers) for width in (plan.pooled, first, second))

    def states(self, first_ids: Tensor, second_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return what a pipeline reads: states (captions, tokens, widths of both) and pooled (captions, pooled)."""
        one = self.first(first_ids, output_hidden_states=True).hidden_states[-2]
        other = self.second(second_ids, output_hidden_states=True)
        return torch.cat([one, other.hidden_states[-2]], -1), other.text_embeds


def _config(plan: Plan, hidden: int, projection: int, vocabulary: int, activation: str) -> Any:
    from transformers import CLIPTextConfig

    return CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=hidden * 4,
        num_hidden_layers=plan.text_layers,
        num_attention_heads=hidden // _HEAD_WIDTH,
        max_position_embeddings=77,
        hidden_act=activation,
        projection_dim=projection,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )


class TextStage:
    """Trains the encoders on new captions in each step."""

    name = "text"

    def __init__(self, plan: Plan, home: Home) -> None:
        """Needs the vocabulary."""
        self._plan = plan
        self._tokenizers = tokenizers(home)
        self._encoders = TextEncoders(plan, len(self._tokenizers[0]))

    @property
    def module(self) -> TextEncoders:
        """Return the encoders with their readers."""
        return self._encoders

    @cached_property
    def pace(self) -> Pace:
        """Return how they learn."""
        return Pace(self._plan.text_steps, 3e-3, decay_share=0.7, weight_decay=1e-3)

    def loss(self, _: int, generator: torch.Generator) -> Tensor:
        """Return how wrongly a batch of captions is read."""
        random = Random(int(torch.randint(2**31, (), generator=generator)))
        batch = [sample_scene(random) for _ in range(self._plan.text_batch)]
        texts = [describe(scene, stated, random).text for scene, stated in batch]
        states, guesses = self._read(texts)
        right = torch.tensor([answers_of(scene, stated) for scene, stated in batch])
        wrong = sum(
            F.cross_entropy(guess, right[:, place]) for answers in guesses for place, guess in enumerate(answers)
        )
        return torch.as_tensor(wrong) / len(guesses) + _SMALL_STATES * states.pow(2).mean()

    def accuracy(self, captions: int) -> dict[str, float]:
        """Return the share of new captions of which each attribute is read rightly from the pooled embedding."""
        random = Random(self._plan.seed + 1_000_000)
        batch = [sample_scene(random) for _ in range(captions)]
        texts = [describe(scene, stated, random).text for scene, stated in batch]
        with torch.no_grad():
            _, guesses = self._read(texts)
        right = torch.tensor([answers_of(scene, stated) for scene, stated in batch])
        return {
            question: (guesses[0][place].argmax(1) == right[:, place]).float().mean().item()
            for place, question in enumerate(ANSWERS)
        }

    def _read(self, texts: Sequence[str]) -> tuple[Tensor, list[tuple[Tensor, ...]]]:
        """Return all states, and the answers by the pooled embedding and by both encoders' last tokens."""
        first_ids, second_ids = (token_ids(tokenizer, texts, _LENGTH) for tokenizer in self._tokenizers)
        ends = (first_ids == len(self._tokenizers[0]) - 1).int().argmax(1)
        used = int(ends.max()) + 1  # no token sees those behind it
        states, pooled = self._encoders.states(first_ids[:, :used], second_ids[:, :used])
        last = states[torch.arange(len(texts)), ends]
        parts = (pooled, *torch.split(last, list(self._plan.text_hidden), -1))
        sizes = [len(choices) for choices in ANSWERS.values()]
        readers = zip(self._encoders.readers, parts, strict=True)
        everything = torch.cat([states.flatten(), pooled.flatten()])
        return everything, [torch.split(reader(part), sizes, -1) for reader, part in readers]
