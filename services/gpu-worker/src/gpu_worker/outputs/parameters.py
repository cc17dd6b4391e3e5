"""Formats a recipe as A1111's `parameters` text, which many programs read from image files."""

from darkroom_schemas.recipe import Recipe

_SHORT_HASH = 10


def parameters_text(recipe: Recipe) -> str:
    """Return the prompt, the negative prompt and one line of settings."""
    settings = {
        "Steps": recipe.steps,
        "Sampler": recipe.sampler,
        "CFG scale": f"{recipe.guidance_scale:g}",
        "Seed": recipe.seed,
        "Size": f"{recipe.width}x{recipe.height}",
        "Clip skip": recipe.text.clip_skip if recipe.text else None,
        "Model hash": (recipe.model.sha256 or "")[:_SHORT_HASH] or None,
        "Model": recipe.model.name,
        "RNG": "CPU",
        "Version": f"darkroom {recipe.libraries.get('gpu-worker', '')}".strip(),
    }
    lines = [recipe.prompt]
    if recipe.negative_prompt:
        lines.append(f"Negative prompt: {recipe.negative_prompt}")
    lines.append(", ".join(f"{name}: {value}" for name, value in settings.items() if value is not None))
    return "\n".join(lines)
