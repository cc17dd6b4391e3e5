"""Turns a file that a server sent into an output."""

import asyncio
from pathlib import Path

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe

from gpu_worker.connectors.media import UnreadableMedia, inspect
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.output_file import OutputFile


async def received_output(path: Path, index: int, recipe: BackendRecipe) -> OutputFile:
    """Return the output of a complete file, with what its content says about it.

    Raises a retryable BACKEND Failure for an image, video or sound that cannot be read.
    """
    try:
        media = await asyncio.to_thread(inspect, path)
    except UnreadableMedia as error:
        raise Failure(StepErrorCode.BACKEND, f"The server sent a damaged file ({error})", retryable=True) from error
    return OutputFile(
        index=index,
        path=path.rename(path.with_name(f"{path.stem}{media.suffix}")),
        mime_type=media.mime_type,
        thumbnail=media.thumbnail,
        width=media.width,
        height=media.height,
        frames=media.frames,
        duration_s=media.duration_s,
        recipe=recipe,
    )
