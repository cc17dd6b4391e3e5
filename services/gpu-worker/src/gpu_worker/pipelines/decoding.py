"""Runs a VAE in the memory that there is: as usual, then without other models in memory, then in tiles."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import torch
from darkroom_chassis.logs import get_logger

from gpu_worker.pipelines.finite import is_finite, not_finite, require_finite
from gpu_worker.pipelines.sink import Pixels
from gpu_worker.runtime.batches import attempt, out_of_memory
from gpu_worker.runtime.device_errors import MemoryShortage

log = get_logger(__name__)
Result = TypeVar("Result")


class VaeLadder:
    """A context in which a VAE decodes the outputs of one step, or encodes what it starts from.

    Tiles take less memory but change the pixels slightly, so the recipe records them. Once they were needed they are
    used for the rest of the step; leaving the context restores the VAE's setting.
    """

    def __init__(
        self, vae: Any, free_memory: Callable[[], None], what: str = "decoding an output"
    ) -> None:  # Any: the VAEs of diffusers are untyped
        self._vae = vae
        self._what = what
        self._free_memory = free_memory
        self._tiled_before = False
        self._freed = False

    def __enter__(self) -> Self:
        self._tiled_before = self.tiled
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._tiled_before:
            self._vae.disable_tiling()

    @property
    def tiled(self) -> bool:
        """Return whether the VAE works in tiles now."""
        return bool(self._vae.use_tiling)

    def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, which uses the VAE; raises an OUT_OF_MEMORY Failure."""
        while isinstance(result := attempt(work), MemoryShortage):
            if not self._freed:
                self._free_memory()
                self._freed = True
            elif not self.tiled:
                log.warning("The VAE works in tiles, because memory ran out", work=self._what, shortage=str(result))
                self._vae.enable_tiling()
            else:
                raise out_of_memory(f"{self._what} of this size", result)
        return result


def decode_finite(vae: Any, decode: Callable[[], torch.Tensor], ladder: VaeLadder) -> tuple[Pixels, torch.dtype]:
    """Decode one image; once more in float32 if the VAE's format overflows. Raises a NOT_FINITE Failure.

    `decode` returns a picture of shape (3, height, width), from -1 to 1, from the VAE in the format that it has at the
    call. The second result is the format that was used.
    """
    picture = ladder.run(decode)
    if is_finite(picture):
        return to_pixels(picture), vae.dtype
    usual = vae.dtype
    if usual is torch.float32:
        raise not_finite("The decoded pixels")
    log.warning("A picture is decoded again in float32, because the decoder overflowed", dtype=str(usual))
    del picture
    try:
        # In place and back: half precision survives the way through float32 without a change.
        vae.to(torch.float32)
        picture = ladder.run(decode)
    finally:
        vae.to(usual)
    require_finite(picture, "The decoded pixels")
    return to_pixels(picture), torch.float32


def to_pixels(picture: torch.Tensor) -> Pixels:
    """Turn a picture of shape (3, height, width), from -1 to 1, into pixels of shape (height, width, 3)."""
    scaled = (picture.float() / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8)
    pixels: Pixels = scaled.permute(1, 2, 0).contiguous().cpu().numpy()
    return pixels
