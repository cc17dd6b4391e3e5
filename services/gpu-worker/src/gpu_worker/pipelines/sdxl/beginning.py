"""What the recipe of a picture says about the picture that it started from, and about its first pass."""

from darkroom_schemas.recipe import HiresUsed, InitImageUsed

from gpu_worker.pipelines.sdxl.state import SdxlState


def beginning_of(state: SdxlState, index: int) -> dict[str, object]:
    """Return the fields of the recipe of picture `index` that differ from those of a picture drawn from text alone."""
    payload, source = state.payload, state.source
    if source is not None and payload.strength is not None:
        return {
            "init_image": InitImageUsed(
                init_image=source.sha256,
                mask_image=source.mask_sha256,
                mask_blur=source.mask_blur,
                denoising_strength=payload.strength,
                tiled=state.encoded_in_tiles,
            )
        }
    if payload.hires is None or state.first is None:
        return {}
    width, height = payload.final_size
    batch_shape, batch_index = state.first.places[index]
    return {
        "width": width,
        "height": height,
        "hires": HiresUsed(
            width=payload.width,
            height=payload.height,
            batch_shape=batch_shape,
            batch_index=batch_index,
            upscaler=payload.hires.upscaler,
            denoising_strength=payload.hires.denoising_strength,
            steps=payload.hires.steps_after(payload.steps),
            tiled=state.first.tiled,
        ),
    }
