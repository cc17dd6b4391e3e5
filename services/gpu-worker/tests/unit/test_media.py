"""Files are known by their content, whatever they are called."""

import wave
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
from gpu_worker.connectors.media import UnreadableMedia, inspect
from PIL import Image


def picture(path: Path, kind: str, mode: str = "RGB", size: tuple[int, int] = (800, 200)) -> Path:
    Image.new(mode, size, 3).save(path, kind)
    return path


def video(path: Path, container: str, codec: Literal["libx264", "libvpx-vp9"]) -> Path:
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=Fraction(8))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(8):
            pixels = np.full((48, 64, 3), number * 20, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("kind", "mode", "mime_type", "suffix"),
    [
        ("PNG", "RGB", "image/png", ".png"),
        ("PNG", "RGBA", "image/png", ".png"),
        ("PNG", "P", "image/png", ".png"),
        ("PNG", "I;16", "image/png", ".png"),
        ("JPEG", "RGB", "image/jpeg", ".jpg"),
        ("JPEG", "CMYK", "image/jpeg", ".jpg"),
        ("WEBP", "RGB", "image/webp", ".webp"),
        ("GIF", "P", "image/gif", ".gif"),
        ("TIFF", "RGB", "image/tiff", ".tiff"),
    ],
)
def test_images_have_a_size_and_a_small_thumbnail(
    tmp_path: Path, kind: str, mode: str, mime_type: str, suffix: str
) -> None:
    media = inspect(picture(tmp_path / "0.part", kind, mode))
    assert (media.mime_type, media.suffix) == (mime_type, suffix)
    assert (media.width, media.height, media.frames, media.duration_s) == (800, 200, None, None)
    assert media.thumbnail is not None
    with Image.open(media.thumbnail) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (384, 96))


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_animations_have_frames_and_a_duration(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "0.part"
    frames = [Image.new("RGB", (64, 48), (number * 60, 9, 9)) for number in range(4)]
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], duration=250)
    media = inspect(path)
    assert (media.frames, media.duration_s) == (4, 1.0)


@pytest.mark.parametrize(
    ("container", "codec", "mime_type", "suffix"),
    [("mp4", "libx264", "video/mp4", ".mp4"), ("webm", "libvpx-vp9", "video/webm", ".webm")],
)
def test_videos_have_a_poster(
    tmp_path: Path, container: str, codec: Literal["libx264", "libvpx-vp9"], mime_type: str, suffix: str
) -> None:
    media = inspect(video(tmp_path / "0.part", container, codec))
    assert (media.mime_type, media.suffix, media.width, media.height) == (mime_type, suffix, 64, 48)
    assert media.frames == 8
    assert media.duration_s == pytest.approx(1.0, abs=0.01)
    assert media.thumbnail is not None
    assert media.thumbnail.read_bytes()[8:12] == b"WEBP"


def test_sound_has_a_duration_and_no_thumbnail(tmp_path: Path) -> None:
    path = tmp_path / "0.part"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    media = inspect(path)
    assert (media.mime_type, media.duration_s, media.thumbnail) == ("audio/wav", 0.5, None)


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        (b"a text, \xe7\x81\xaf\xe5\xa1\x94", "text/plain"),
        (b"", "text/plain"),
        (b"x" * 4095 + "é".encode(), "text/plain"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"\xff\xfe\xfa", "application/octet-stream"),
        (b"glTF\x02\x00\x00\x00", "model/gltf-binary"),
    ],
)
def test_other_files_are_text_or_bytes(tmp_path: Path, content: bytes, mime_type: str) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    assert inspect(path).mime_type == mime_type


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_cut_image_is_damaged(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "0.part"
    Image.effect_noise((300, 300), 80).convert("RGB").save(path, kind)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(UnreadableMedia, match="image/"):
        inspect(path)


def test_a_cut_video_is_damaged(tmp_path: Path) -> None:
    path = video(tmp_path / "0.part", "mp4", "libx264")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnreadableMedia, match="video/mp4"):
        inspect(path)


def test_a_huge_image_gets_no_thumbnail(tmp_path: Path) -> None:
    media = inspect(picture(tmp_path / "0.part", "PNG", "1", (12_000, 9_000)))
    assert (media.width, media.height, media.thumbnail) == (12_000, 9_000, None)
