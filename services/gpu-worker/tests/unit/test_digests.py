"""Digests of weights are computed once, and the file that keeps them is shared by workers."""

import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from gpu_worker.models import digests
from gpu_worker.models.digests import file_digest, weights_digest

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_two_workers_that_hash_at_once_lose_no_digest(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.safetensors" for number in range(24)]
    for file in files:
        file.write_bytes(CONTENT)
    cache = tmp_path / "digests.json"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        found = list(workers.map(partial(file_digest, cache=cache), files))
    assert found == [SHA256] * len(files)
    assert len(json.loads(cache.read_text())) == len(files)


def test_a_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, cache = tmp_path / "a.safetensors", tmp_path / "digests.json"
    file.write_bytes(CONTENT)
    assert file_digest(file, cache) == SHA256
    with monkeypatch.context() as unreadable:
        unreadable.setattr(digests, "hash_file", None)
        assert file_digest(file, cache) == SHA256
    file.write_bytes(CONTENT + b"!")
    assert file_digest(file, cache) != SHA256


def test_a_file_of_the_hubs_cache_is_not_read(tmp_path: Path) -> None:
    blob = tmp_path / "blobs" / ("a" * 64)
    blob.parent.mkdir()
    blob.write_bytes(CONTENT)
    (tmp_path / "model.safetensors").symlink_to(blob)
    assert file_digest(tmp_path / "model.safetensors", tmp_path / "digests.json") == "a" * 64


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_damaged_file_of_digests_is_replaced(tmp_path: Path, content: str) -> None:
    file, cache = tmp_path / "a.safetensors", tmp_path / "digests.json"
    file.write_bytes(CONTENT)
    cache.write_text(content)
    assert weights_digest(file, cache) == SHA256
    assert list(json.loads(cache.read_text()).values()) == [SHA256]
