"""Opens the files of a job and compares them with its job type and their recipes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from darkroom_client.models import Job
from darkroom_schemas.catalogue import JobType
from darkroom_schemas.recipe import Recipe
from PIL import Image

from darkroom_local.errors import StackError

RECIPE_KEY = "darkroom"


class WrongResult(StackError):
    """A job completed, but its files do not match its job type."""


@dataclass(frozen=True)
class Finding:
    """A checked file and its description."""

    file: Path
    description: str


def inspect(job: Job, ordered: JobType, files: Sequence[Path]) -> list[Finding]:
    """Open and check every file; raises WrongResult with the first mismatch."""
    _expect(len(files) == ordered.outputs, f"{ordered.name} made {len(files)} files instead of {ordered.outputs}")
    if ordered.enhanced:
        _expect(bool(job.enhanced_prompt), f"{ordered.name} has no enhanced prompt")
    if ordered.mime_type == "video/mp4":
        return [_inspect_video(file, ordered) for file in files]
    return [_inspect_picture(file) for file in files]


def _inspect_picture(file: Path) -> Finding:
    with Image.open(file) as image:
        image.load()
        kind, size, text = image.format, image.size, image.info.get(RECIPE_KEY)
    _expect(kind == "PNG", f"{file} is {kind} instead of PNG")
    recipe = _recipe(file, text)
    _expect(size == (recipe.width, recipe.height), f"{file} is {size}, not the size in its recipe")
    return Finding(file, f"PNG {size[0]}x{size[1]}, seed {recipe.seed}, {recipe.steps} steps, {recipe.sampler}")


def _inspect_video(file: Path, ordered: JobType) -> Finding:
    with av.open(file) as container:
        stream = container.streams.video[0]
        codec, pixels, fps = stream.codec_context.name, stream.codec_context.pix_fmt, stream.average_rate
        size = (stream.codec_context.width, stream.codec_context.height)
        frames = sum(1 for _frame in container.decode(stream))
        recipe = _recipe(file, container.metadata.get(RECIPE_KEY))
    _expect((codec, pixels) == ("h264", "yuv420p"), f"{file} is {codec} in {pixels} instead of h264 in yuv420p")
    _expect((frames, fps) == (ordered.frames, ordered.fps), f"{file} has {frames} frames at {fps} a second")
    _expect(size == (recipe.width, recipe.height), f"{file} is {size}, not the size in its recipe")
    duration_s = frames / (ordered.fps or 1)
    return Finding(file, f"MP4 {codec} {size[0]}x{size[1]}, {frames} frames, {duration_s:.2f} s, seed {recipe.seed}")


def _recipe(file: Path, text: object) -> Recipe:
    _expect(isinstance(text, str), f"{file} carries no recipe")
    return Recipe.model_validate_json(str(text))


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise WrongResult(f"{otherwise}.")
