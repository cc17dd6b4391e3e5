"""Files that are no safetensors files are named for what they are."""

import pytest
from gpu_worker.domain.checkpoints.damage import damage_of

GOOD = (100).to_bytes(8, "little") + b'{"a"'


@pytest.mark.parametrize(
    ("start", "size", "expected", "words"),
    [
        (b"", 0, None, "an empty file"),
        (b"PK\x03\x04archive/data.pkl", 50, None, "pickled"),
        (b"\x80\x02}q", 50, None, "pickled"),
        (b"GGUF\x03", 50, None, "GGUF"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab", 130, None, "git lfs pull"),
        (b"\n<!DOCTYPE html><html>", 50, None, "web page"),
        (b'{"error":"Repository is gated"}', 50, None, "Repository is gated"),
        (b"whatever", 50, None, "not a safetensors file"),
        (GOOD, 900, 1000, "cut: it has 900 of 1000 bytes"),
    ],
)
def test_a_damaged_file_is_named_for_what_it_is(start: bytes, size: int, expected: int | None, words: str) -> None:
    assert words in str(damage_of(start, size, expected))


@pytest.mark.parametrize("start", [GOOD, b"{" + GOOD[1:], b"\x80\x02" + GOOD[2:]])
def test_a_complete_file_is_not_damaged_for_any_length_of_its_header(start: bytes) -> None:
    assert damage_of(start, 1000, 1000) is None
