"""LoRAs of a job: those that its request lists and those that its prompt names, as live workers offer them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.loras import (
    MAX_LORAS,
    LoraChoice,
    LoraTag,
    add_up,
    find_tags,
    lora_model,
    lora_names,
    without_tags,
)
from darkroom_schemas.worker import Capabilities

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.checkpoints import MAX_SHOWN, find_checkpoint

MAX_LISTED = 20
LORA_TYPES = tuple(name for name, job_type in CATALOGUE.items() if job_type.takes_loras)
"""The job types whose models apply LoRAs."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A prompt without its tags, and the LoRAs to apply, sorted by name."""

    prompt: str
    loras: tuple[LoraChoice, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Return the models that the worker must have for them."""
        return tuple(lora_model(lora.name) for lora in self.loras)

    @property
    def parameters(self) -> dict[str, Any]:
        """Return them as a parameter of the job; empty without any."""
        return {"loras": [lora.model_dump() for lora in self.loras]} if self.loras else {}


def known_loras(live: Sequence[Capabilities]) -> Sequence[str]:
    """Return the names of the LoRAs on live workers that apply them, sorted."""
    return lora_names(model for can in live if _applies_loras(can) for model in can.models)


def choose_loras(
    prompt: str,
    asked: Sequence[LoraChoice],
    live: Sequence[Capabilities],
    *,
    prompt_field: str = "prompt",
    loras_field: str = "loras",
) -> Chosen:
    """Take the tags out of a prompt, and resolve the names of all LoRAs as clients write them: paths, files, names.

    While no live worker applies LoRAs, every name is accepted. Otherwise raises `InvalidParameter` for an
    unknown one, and for more than `MAX_LORAS`.
    """
    tags = find_tags(prompt)
    if not asked and not tags:  # most requests: the names that workers offer need not be collected
        return Chosen(prompt)
    has_worker = any(map(_applies_loras, live))
    known = known_loras(live) if has_worker else None
    named = [(_find(lora.name, known, f"{loras_field}.{n}.name"), lora.weight) for n, lora in enumerate(asked)]
    named += [(_find(tag.name, known, prompt_field), tag.weight) for tag in tags]
    loras = add_up(named)
    if len(loras) > MAX_LORAS:
        message = f"must be at most {MAX_LORAS} with those in the prompt, are {len(loras)}"
        raise InvalidParameter(loras_field, message)
    return Chosen(without_tags(prompt), loras)


def refuse_loras(prompt: str, asked: Sequence[LoraChoice], job_type: str) -> None:
    """Reject LoRAs of a type whose models do not apply them; raises `InvalidParameter`."""
    tags = find_tags(prompt)
    if asked or tags:
        message = f"{_shown(tags)}needs a job type that applies LoRAs ({', '.join(LORA_TYPES)}), not {job_type}"
        raise InvalidParameter("loras" if asked else "prompt", message)


def _applies_loras(worker: Capabilities) -> bool:
    return any(name in worker.types for name in LORA_TYPES)


def _shown(tags: Sequence[LoraTag]) -> str:
    return f"has {tags[0].source[:MAX_SHOWN]}, which " if tags else ""


def _find(asked: str, known: Sequence[str] | None, field: str) -> str:
    if known is None or asked in known:
        if not asked:
            raise InvalidParameter(field, "names a LoRA without a name")
        return asked
    found = find_checkpoint(asked, known)
    if found is None:
        listed = ", ".join(known[:MAX_LISTED]) + (" and others" if len(known) > MAX_LISTED else "") or "none"
        raise InvalidParameter(
            field, f"names the LoRA {asked[:MAX_SHOWN]!r}, which no live worker has; known: {listed}"
        )
    return found
