"""Files of users become pictures of the step's size, or errors that name the field."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from darkroom_schemas.inputs import InputFile
from darkroom_schemas.payload import ImagePayload
from gpu_worker.domain.failures import Failure
from gpu_worker.pipelines.source_image import SourceImage, read_source
from PIL import Image

FILE = InputFile(key="k", mime_type="image/png", size_bytes=1)


def source(payload: ImagePayload, folder: Path, mask: Image.Image | None = None, **saved: Any) -> SourceImage:
    """Save the picture in `saved` and the mask, and read them as a step would."""
    picture, kind = saved.pop("picture"), saved.pop("kind", "PNG")
    files = {"init_image": folder / "picture"}
    picture.save(files["init_image"], kind, **saved)
    if mask is not None:
        files["mask_image"] = folder / "mask"
        mask.save(files["mask_image"], "PNG")
    fields = dict.fromkeys(files, FILE)
    return read_source(payload.model_copy(update={"width": 64, "height": 64, **fields}), files)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_each_kind_of_file_is_read(image_payload: ImagePayload, tmp_path: Path, kind: str) -> None:
    read = source(image_payload, tmp_path, picture=Image.new("RGB", (100, 80), "teal"), kind=kind)
    assert read.pixels.shape == (64, 64, 3)
    assert np.abs(read.pixels.astype(int) - (0, 128, 128)).max() <= 3


def test_a_photo_is_upright_as_its_exif_says(image_payload: ImagePayload, tmp_path: Path) -> None:
    lying = Image.new("RGB", (64, 64), "black")
    lying.paste("white", (0, 0, 32, 64))
    exif = Image.Exif()
    exif[0x0112] = 6  # the left side is on top
    read = source(image_payload, tmp_path, picture=lying, exif=exif)
    assert read.pixels[0].min() == 255
    assert read.pixels[-1].max() == 0


def test_transparent_parts_are_white_in_a_picture_and_black_in_a_mask(
    image_payload: ImagePayload, tmp_path: Path
) -> None:
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    read = source(image_payload, tmp_path, mask=clear, picture=clear)
    assert read.pixels.min() == 255
    assert read.mask is not None
    assert read.mask.max() == 0


def test_sixteen_bits_become_eight(image_payload: ImagePayload, tmp_path: Path) -> None:
    grey = Image.fromarray(np.full((64, 64), 128 << 8, dtype=np.uint16))
    assert set(source(image_payload, tmp_path, picture=grey).pixels.flatten()) == {128}


def test_a_mask_decides_between_old_and_new_pixels(image_payload: ImagePayload, tmp_path: Path) -> None:
    half = Image.new("L", (32, 32), 0)
    half.paste(255, (16, 0, 32, 32))
    read = source(image_payload, tmp_path, mask=half, picture=Image.new("RGB", (64, 64), "black"))
    blended = read.keep_unmasked(np.full((64, 64, 3), 200, dtype=np.uint8))
    assert blended[:, :20].max() == 0
    assert blended[:, 44:].min() == 200
    assert 0 < blended[30, 31, 0] < 200


def test_a_mask_of_other_proportions_is_refused(image_payload: ImagePayload, tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"mask_image: must have the proportions of the init_image: 64x64, is 64x32"):
        source(image_payload, tmp_path, mask=Image.new("L", (64, 32)), picture=Image.new("RGB", (64, 64)))


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(
    image_payload: ImagePayload, tmp_path: Path
) -> None:
    for size in ((8193, 8192), (20_000, 20_000)):
        with pytest.raises(Failure, match=r"init_image: must have at most 67,108,864 pixels"):
            source(image_payload, tmp_path, picture=Image.new("1", size))


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(100)])
def test_a_file_that_is_no_image_is_refused(image_payload: ImagePayload, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture"
    path.write_bytes(content)
    with pytest.raises(Failure, match="init_image: must be a complete image, of the type PNG, JPEG, WEBP"):
        read_source(image_payload.model_copy(update={"init_image": FILE}), {"init_image": path})


def test_a_cut_file_is_refused(image_payload: ImagePayload, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, "PNG")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(Failure, match="init_image: must be a complete image"):
        read_source(image_payload.model_copy(update={"init_image": FILE}), {"init_image": path})


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_damaged_file_is_read_or_refused_and_never_an_unforeseen_failure(
    image_payload: ImagePayload, tmp_path: Path, kind: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    source(image_payload, tmp_path, picture=Image.linear_gradient("L"), kind=kind, exif=exif)
    path, random = tmp_path / "picture", np.random.default_rng(0)
    whole = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    payload = image_payload.model_copy(update={"width": 64, "height": 64, "init_image": FILE})
    refusals: list[str] = []
    for _ in range(60):
        damaged = whole.copy()
        places = random.integers(0, len(damaged), 8)
        damaged[places] = random.integers(0, 256, 8)
        path.write_bytes(damaged.tobytes())
        try:
            read_source(payload, {"init_image": path})
        except Failure as failure:
            refusals.append(failure.message)
    assert refusals
    assert all(message.startswith("init_image: must") for message in refusals)
