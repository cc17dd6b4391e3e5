"""A float32 model is copied once to the format that it computes in, and loaded from the copy from then on."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from diffusers import ZImageTransformer2DModel
from gpu_worker.models.tiny.build import ensure_tiny_model
from gpu_worker.pipelines.half_copy import load_with_copy
from transformers import UMT5EncoderModel

Load = Callable[[torch.dtype], Any]


@pytest.fixture
def published(models_dir: Path, tmp_path: Path) -> Path:
    """Return a text encoder in float32, as WAN's is published."""
    folder = ensure_tiny_model("wan", models_dir) / "text_encoder"
    UMT5EncoderModel.from_pretrained(folder, dtype=torch.float32).save_pretrained(tmp_path / "published")
    return tmp_path / "published"


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the folders that are loaded from."""
    found: list[str] = []
    usual = UMT5EncoderModel.from_pretrained

    def note(folder: Path, **options: Any) -> Any:
        found.append(folder.name)
        return usual(folder, **options)

    monkeypatch.setattr(UMT5EncoderModel, "from_pretrained", note)
    return found


def test_the_copy_is_made_once_and_has_the_same_bits(published: Path, sources: list[str], tmp_path: Path) -> None:
    first, second = (load_with_copy(UMT5EncoderModel, published, tmp_path / "copies", torch.bfloat16) for _ in range(2))
    assert sources == ["published", "bfloat16"]
    expected, found = first.state_dict(), second.state_dict()
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype is tensor.dtype
        assert torch.equal(found[name], tensor), name
    sizes = [sum(file.stat().st_size for file in folder.glob("*.safetensors"))
             for folder in (published, tmp_path / "copies" / "bfloat16")]  # fmt: skip
    assert sizes[1] < 0.6 * sizes[0]


def test_a_transformer_of_diffusers_is_copied_too(models_dir: Path, tmp_path: Path) -> None:
    folder = ensure_tiny_model("z_image", models_dir) / "transformer"
    ZImageTransformer2DModel.from_pretrained(folder, dtype=torch.float32).save_pretrained(tmp_path / "published")
    first, second = (
        load_with_copy(ZImageTransformer2DModel, tmp_path / "published", tmp_path / "copies", torch.bfloat16)
        for _ in range(2)
    )
    assert second.config.dim == first.config.dim
    assert all(torch.equal(second.state_dict()[name], tensor) for name, tensor in first.state_dict().items())
    assert (tmp_path / "copies" / "bfloat16").is_dir()


def test_weights_in_the_right_format_are_not_copied(published: Path, sources: list[str], tmp_path: Path) -> None:
    UMT5EncoderModel.from_pretrained(published, dtype=torch.bfloat16).save_pretrained(tmp_path / "narrow")
    sources.clear()
    load_with_copy(UMT5EncoderModel, tmp_path / "narrow", tmp_path / "copies", torch.bfloat16)
    load_with_copy(UMT5EncoderModel, published, tmp_path / "copies", torch.float32)
    assert sources == ["narrow", "published"]
    assert not (tmp_path / "copies").exists()


class Usage(NamedTuple):
    """The answer of `shutil.disk_usage`."""

    total: int
    used: int
    free: int


def test_without_room_on_the_disk_no_copy_is_made(
    published: Path, sources: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 9, 1))
    for _ in range(2):
        model = load_with_copy(UMT5EncoderModel, published, tmp_path / "copies", torch.bfloat16)
        assert model.dtype is torch.bfloat16
    assert sources == ["published", "published"]


def test_a_copy_that_cannot_be_written_leaves_nothing_behind(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: Any, folder: Path, **_: Any) -> None:
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(UMT5EncoderModel, "save_pretrained", fail)
    assert load_with_copy(UMT5EncoderModel, published, tmp_path / "copies", torch.bfloat16) is not None
    assert [path.name for path in (tmp_path / "copies").iterdir()] == [".lock"]
