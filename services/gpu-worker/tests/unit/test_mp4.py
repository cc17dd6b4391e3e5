"""MP4 files: what every browser plays, with exactly the ordered frames."""

import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import Recipe
from gpu_worker.domain.failures import Failure
from gpu_worker.outputs.mp4 import encode_mp4
from numpy.typing import NDArray

ROOMY = 50_000_000


@pytest.fixture(scope="module")
def frames() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (81, 80, 48, 3)).astype(np.uint8)


def test_the_video_has_the_ordered_frames_and_duration(
    frames: NDArray[np.uint8], recipe: Recipe, tmp_path: Path
) -> None:
    path = tmp_path / "video.mp4"
    encoded = encode_mp4(frames, 16, recipe, path, ROOMY)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 16
        assert (stream.codec_context.width, stream.codec_context.height) == (48, 80)
        assert container.duration == 81 / 16 * 1_000_000
        assert sum(1 for _ in container.decode(stream)) == 81
        assert Recipe.model_validate_json(container.metadata["darkroom"]) == encoded
    assert encoded.model_copy(update={"encoding": None}) == recipe


def test_the_video_is_tagged_as_bt709_and_has_a_key_frame_each_second(
    frames: NDArray[np.uint8], recipe: Recipe, tmp_path: Path
) -> None:
    path = tmp_path / "video.mp4"
    encode_mp4(frames, 16, recipe, path, ROOMY)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        decoded = list(container.decode(stream))
    assert (codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range) == (1, 1, 1, 1)
    keys = [number for number, frame in enumerate(decoded) if frame.key_frame]
    assert keys[0] == 0
    assert all(later - earlier <= 16 for earlier, later in zip(keys, [*keys[1:], 81], strict=True))


def test_the_index_stands_before_the_pictures(frames: NDArray[np.uint8], recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    encode_mp4(frames, 16, recipe, path, ROOMY)
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_video_over_the_limit_is_made_coarser(frames: NDArray[np.uint8], recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    encode_mp4(frames, 16, recipe, path, ROOMY)
    limit = path.stat().st_size - 1
    encoding = encode_mp4(frames, 16, recipe, path, limit).encoding
    assert path.stat().st_size <= limit
    assert encoding is not None
    assert encoding.encoder == "libx264"
    assert int(encoding.options["crf"]) > 20


def test_a_video_that_stays_too_large_fails_for_good(frames: NDArray[np.uint8], recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        encode_mp4(frames, 16, recipe, tmp_path / "video.mp4", 1000)
    assert caught.value.code is StepErrorCode.OUTPUT_TOO_LARGE


ENCODE = """
import sys
from pathlib import Path

import numpy as np
from darkroom_schemas.recipe import Recipe
from gpu_worker.outputs.mp4 import encode_mp4

tiles = np.random.default_rng(0).integers(0, 256, (17, 15, 26, 3)).astype(np.uint8)
frames = tiles.repeat(8, axis=1).repeat(8, axis=2)
encode_mp4(frames, 16, Recipe.model_validate_json(sys.argv[1]), Path(sys.argv[2]), 50_000_000)
"""


def test_equal_frames_give_equal_files_whatever_memory_held_before(recipe: Recipe, tmp_path: Path) -> None:
    files = set()
    for fill in ("1", "85", "170"):
        path = tmp_path / fill
        command = [sys.executable, "-c", ENCODE, recipe.model_dump_json(), str(path)]
        subprocess.run(command, env=os.environ | {"MALLOC_PERTURB_": fill}, check=True)
        files.add(path.read_bytes())
    assert len(files) == 1
