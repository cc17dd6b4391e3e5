"""Files are compared by their pixels, frame by frame."""

import sys
from pathlib import Path

import av
import numpy as np
import pytest
from darkroom_client.comparing import Difference, compare
from darkroom_client.errors import InvalidRequest
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


@pytest.fixture
def pixels() -> Pixels:
    return np.random.default_rng(1).integers(0, 255, (20, 30, 3)).astype(np.uint8)


def png(file: Path, pixels: Pixels) -> Path:
    Image.fromarray(pixels).save(file, "PNG")
    return file


def video(file: Path, frames: Pixels) -> Path:
    with av.open(str(file), "w", format="mp4") as container:
        stream = container.add_stream("libx264rgb", rate=16)
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], "rgb24"
        stream.options = {"crf": "0"}
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file


def test_equal_pixels_in_different_files(pixels: Pixels, tmp_path: Path) -> None:
    Image.fromarray(pixels).save(tmp_path / "other.png", compress_level=0)
    found = compare(png(tmp_path / "one.png", pixels), tmp_path / "other.png", "image/png")
    assert found == Difference(0, 0.0)


def test_the_largest_difference_and_the_share_of_pixels(pixels: Pixels, tmp_path: Path) -> None:
    changed = pixels.copy()
    changed[3, 4, 1] += 1
    changed[5, :15, 0] = 255 - changed[5, :15, 0]
    found = compare(png(tmp_path / "one.png", pixels), png(tmp_path / "other.png", changed), "image/png")
    assert found is not None
    assert found.largest == int(np.abs(changed.astype(int) - pixels).max())
    assert found.share == np.any(changed != pixels, axis=-1).mean()


def test_pictures_of_different_sizes_cannot_be_compared(pixels: Pixels, tmp_path: Path) -> None:
    one, other = png(tmp_path / "one.png", pixels), png(tmp_path / "other.png", pixels[:, :10])
    assert compare(one, other, "image/png") is None


def test_videos_are_compared_frame_by_frame(tmp_path: Path) -> None:
    frames = np.random.default_rng(2).integers(0, 255, (3, 32, 48, 3)).astype(np.uint8)
    one, cut = video(tmp_path / "one.mp4", frames), video(tmp_path / "cut.mp4", frames[:2])
    assert compare(one, one, "video/mp4") == Difference(0, 0.0)
    assert compare(one, cut, "video/mp4") is None
    inverted = video(tmp_path / "inverted.mp4", np.concatenate([frames[:2], 255 - frames[2:]]))
    found = compare(one, inverted, "video/mp4")
    assert found is not None
    assert found.share == pytest.approx(1 / 3, abs=0.01)


def test_a_missing_package_is_named(pixels: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = png(tmp_path / "one.png", pixels)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InvalidRequest, match=r"install darkroom-client\[compare\]"):
        compare(file, file, "image/png")
