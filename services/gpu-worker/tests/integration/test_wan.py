"""WAN for real, on a tiny model: videos of the ordered length, stills, and stopping in the middle of decoding."""

import av
import pytest
from darkroom_schemas.payload import ImagePayload, VideoPayload
from darkroom_schemas.recipe import Recipe
from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.pipelines.wan.samplers import SAMPLERS
from support.drawing import Draw


@pytest.mark.parametrize(("frames", "seconds"), [(81, 5.0625), (97, 6.0625)])
def test_a_video_lasts_as_long_as_ordered(draw: Draw, video_payload: VideoPayload, frames: int, seconds: float) -> None:
    drawing = draw(video_payload.model_copy(update={"frames": frames}))
    drawing.run()
    file = drawing.files[0]
    assert (file.width, file.height, file.frames, file.duration_s) == (96, 160, frames, seconds)
    with av.open(str(file.path)) as container:
        stream = container.streams.video[0]
        assert container.duration == seconds * 1_000_000
        assert stream.frames == frames
        assert stream.average_rate == 16
        assert (stream.codec_context.width, stream.codec_context.height) == (96, 160)
        assert Recipe.model_validate_json(container.metadata["darkroom"]) == file.recipe
    assert file.recipe.batch_shape == (1, 16, (frames - 1) // 4 + 1, 20, 12)
    assert drawing.thumbnail().size == (96, 160)


def test_a_still_is_one_frame_as_png(draw: Draw, still_payload: ImagePayload) -> None:
    drawing = draw(still_payload)
    drawing.run()
    image = drawing.image()
    assert (image.format, image.size) == ("PNG", (96, 160))
    assert Recipe.model_validate_json(image.info["darkroom"]).frames == 1


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_draws_the_same_still_for_the_same_seed(
    draw: Draw, still_payload: ImagePayload, sampler: str
) -> None:
    payload = still_payload.model_copy(update={"sampler": sampler})
    first, second = draw(payload), draw(payload)
    first.run()
    second.run()
    assert first.files[0].path.read_bytes() == second.files[0].path.read_bytes()
    assert first.pixels().std() > 1


def test_a_sampler_that_would_ignore_the_seed_is_refused(draw: Draw, still_payload: ImagePayload) -> None:
    with pytest.raises(Failure, match="UniPC"):
        draw(still_payload.model_copy(update={"sampler": "DPM++ 2M SDE"})).run()


@pytest.mark.parametrize("stage", ["denoise", "decode"])
def test_a_video_can_be_stopped_in_either_stage_and_the_next_one_is_whole(
    draw: Draw, video_payload: VideoPayload, still_payload: ImagePayload, stage: str
) -> None:
    stopped = draw(video_payload, stop_when=lambda update: update.message == stage and (update.current_step or 0) > 1)
    with pytest.raises(Stopped):
        stopped.run()
    assert stopped.progress[-1].message == stage
    assert stopped.files == {}
    before, after = draw(still_payload), draw(still_payload)
    before.run()
    after.run()
    assert before.files[0].path.read_bytes() == after.files[0].path.read_bytes()
