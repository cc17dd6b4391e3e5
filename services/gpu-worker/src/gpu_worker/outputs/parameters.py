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
        "Size": _first_size(recipe),
        "Clip skip": recipe.text.clip_skip if recipe.text else None,
        "Model hash": (recipe.model.sha256 or "")[:_SHORT_HASH] or None,
        "Model": recipe.model.name,
        **_beginning(recipe),
        "RNG": "CPU",
        "Version": f"darkroom {recipe.libraries.get('gpu-worker', '')}".strip(),
    }
    lines = [recipe.prompt]
    if recipe.negative_prompt:
        lines.append(f"Negative prompt: {recipe.negative_prompt}")
    lines.append(", ".join(f"{name}: {value}" for name, value in settings.items() if value is not None))
    return "\n".join(lines)


def _beginning(recipe: Recipe) -> dict[str, object]:
    """Return the settings of img2img, inpainting or the hires fix, by A1111's names."""
    if recipe.init_image is not None:
        used = recipe.init_image
        return {"Denoising strength": f"{used.denoising_strength:g}", "Mask blur": used.mask_blur}
    if recipe.hires is None:
        return {}
    return {
        "Denoising strength": f"{recipe.hires.denoising_strength:g}",
        "Hires upscale": f"{recipe.width / recipe.hires.width:.4g}",
        "Hires upscaler": recipe.hires.upscaler.capitalize(),
        "Hires steps": recipe.hires.steps,
    }


def _first_size(recipe: Recipe) -> str:
    """Return the size of the first pass, as A1111 does."""
    first = recipe.hires or recipe
    return f"{first.width}x{first.height}"
