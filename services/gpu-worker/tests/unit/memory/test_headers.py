"""Headers of safetensors files are read without the library, and say what a component weighs."""

from pathlib import Path

import pytest
import torch
from gpu_worker.domain.memory.headers import (
    LENGTH_BYTES,
    HeaderError,
    header_length,
    loaded_bytes,
    parse_file_header,
)
from safetensors.torch import save_file


def read(path: Path) -> bytes:
    content = path.read_bytes()
    return content[LENGTH_BYTES : LENGTH_BYTES + header_length(content)]


def test_a_real_file_is_sized_in_the_format_that_it_is_loaded_in(tmp_path: Path) -> None:
    tensors = {
        "half": torch.zeros((3, 5), dtype=torch.float16),
        "full": torch.zeros((7,), dtype=torch.float32),
        "brain": torch.zeros((2, 2), dtype=torch.bfloat16),
        "ids": torch.zeros((11,), dtype=torch.int64),
        "scalar": torch.zeros((), dtype=torch.float32),
    }
    save_file(tensors, tmp_path / "weights.safetensors", metadata={"format": "pt"})
    found = parse_file_header(read(tmp_path / "weights.safetensors")).tensors
    assert set(found) == set(tensors)
    assert loaded_bytes(found.values(), 2) == 2 * (15 + 7 + 4 + 1) + 8 * 11
    assert loaded_bytes(found.values(), 4) == 4 * (15 + 7 + 4 + 1) + 8 * 11


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "shorter than 8 bytes"),
        (b"<!DOCTYPE html><html>", "first 8 bytes"),
        ((0).to_bytes(8, "little"), "first 8 bytes"),
    ],
)
def test_what_is_no_such_file_is_refused_by_its_first_bytes(content: bytes, reason: str) -> None:
    with pytest.raises(HeaderError, match=reason):
        header_length(content)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"a": 1}', "'a' is not a JSON object"),
        (b'{"a": {"dtype": "Q4", "shape": [1]}}', "'Q4'"),
        (b'{"a": {"dtype": "F32", "shape": [-1]}}', "no list of sizes"),
        (b'{"a": {"dtype": "F32"}}', "no list of sizes"),
    ],
)
def test_a_damaged_header_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(HeaderError, match=reason):
        parse_file_header(text)
