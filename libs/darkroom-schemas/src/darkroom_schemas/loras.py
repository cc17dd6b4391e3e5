"""LoRAs: references to them in payloads and in prompts, and their names among the models of workers.

A worker offers the LoRA `ink` as the model `lora:ink`, so that the queue matches it like any other model. A prompt
refers to it by the tag `<lora:ink:0.8>`, which is A1111's syntax and no part of the text.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from darkroom_schemas.base import Wire

MAX_LORAS = 8
"""Maximum number of LoRAs of a step, those in its prompt included."""
MAX_LORA_NAME = 200
MAX_WEIGHT = 10.0
LoraName = Annotated[str, Field(min_length=1, max_length=MAX_LORA_NAME)]
LoraWeight = Annotated[float, Field(ge=-MAX_WEIGHT, le=MAX_WEIGHT, allow_inf_nan=False)]

NUMBER = r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})"
"""A number in a prompt."""
TAG = rf"<lora:([^<>:]{{1,{MAX_LORA_NAME}}})(?::({NUMBER}))?>"
"""A tag; its groups are the name, and the weight if there is one."""
_TAG = re.compile(TAG)
_MODEL = "lora:"


class LoraChoice(Wire):
    """A LoRA to apply. `weight` multiplies its effect."""

    name: LoraName
    weight: LoraWeight = 1.0


@dataclass(frozen=True, slots=True)
class LoraTag:
    """A reference to a LoRA in a prompt. `source` is the tag as written."""

    name: str
    weight: float
    source: str


def find_tags(text: str) -> tuple[LoraTag, ...]:
    """Return the tags of a prompt in order. A weight beyond `MAX_WEIGHT` is reduced to it."""
    return tuple(LoraTag(found[1].strip(), _limited(float(found[2] or 1.0)), found[0]) for found in _TAG.finditer(text))


def without_tags(text: str) -> str:
    """Return a prompt without its tags, and without the white space that they leave at its ends."""
    rest, count = _TAG.subn("", text)
    return rest.strip() if count else text


def add_up(loras: Iterable[tuple[str, float]]) -> tuple[LoraChoice, ...]:
    """Return each LoRA once, in order of the names. The weights of one that is named repeatedly add up."""
    weights: dict[str, float] = {}
    for name, weight in loras:
        weights[name] = weights.get(name, 0.0) + weight
    return tuple(LoraChoice(name=name, weight=_limited(weight)) for name, weight in sorted(weights.items()))


def lora_model(name: str) -> str:
    """Return the name of a LoRA among the models of a worker."""
    return _MODEL + name


def lora_names(models: Iterable[str]) -> Sequence[str]:
    """Return the names of the LoRAs among the models of workers, sorted."""
    return sorted({model.removeprefix(_MODEL) for model in models if is_lora(model)})


def is_lora(model: str) -> bool:
    """Return whether a model of a worker is a LoRA."""
    return model.startswith(_MODEL)


def _limited(weight: float) -> float:
    return max(-MAX_WEIGHT, min(MAX_WEIGHT, weight))
