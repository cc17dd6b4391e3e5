"""Says in sentences what a model did not read of its prompts."""

from darkroom_schemas.recipe import TextRead

_MAX_TAGS_CHARACTERS = 300
_WHY_NOT_APPLIED = "LoRAs that this worker does not have, or that a negative prompt names, were not applied"


def notes_of(read: TextRead) -> tuple[str, ...]:
    """Return a sentence for each prompt that was read in part only, and one for LoRA tags without effect."""
    prompts = {"prompt": read.prompt, "negative prompt": read.negative_prompt}
    parts = [
        f"The model read {one.read} of the {one.tokens} tokens of the {name}."
        for name, one in prompts.items()
        if one is not None and one.read < one.tokens
    ]
    tags = [tag for one in prompts.values() if one is not None for tag in one.loras_not_applied]
    if tags:
        parts.append(f"{_WHY_NOT_APPLIED}: {_listed(tags)}.")
    return tuple(parts)


def _listed(tags: list[str]) -> str:
    shown: list[str] = []
    length = 0
    for tag in dict.fromkeys(tags):
        length += len(tag)
        if shown and length > _MAX_TAGS_CHARACTERS:
            return f"{', '.join(shown)} and others"
        shown.append(tag)
    return ", ".join(shown)
