"""LoRAs in requests."""

from collections.abc import Iterable
from typing import Annotated

from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import Text
from darkroom_schemas.loras import MAX_LORA_NAME, MAX_LORAS, MAX_WEIGHT, LoraChoice
from pydantic import Field

from platform_api.http.numbers import NotBoolean


class Lora(RequestBody):
    """A LoRA to apply: its name or file name, and the factor of its effect."""

    name: Annotated[Text, Field(min_length=1, max_length=MAX_LORA_NAME)]
    weight: Annotated[float, Field(ge=-MAX_WEIGHT, le=MAX_WEIGHT, allow_inf_nan=False), NotBoolean] = 1.0


LoraList = Annotated[tuple[Lora, ...], Field(max_length=MAX_LORAS)]


def choices(loras: Iterable[Lora]) -> tuple[LoraChoice, ...]:
    """Return the LoRAs as payloads have them."""
    return tuple(LoraChoice(name=lora.name, weight=lora.weight) for lora in loras)
