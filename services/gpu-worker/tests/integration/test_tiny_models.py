"""The models that a worker builds by itself: the real vocabularies, the same weights everywhere, never half a model."""

from pathlib import Path

import pytest
from gpu_worker.models.digests import weights_digest
from gpu_worker.models.tiny import wheel_data
from gpu_worker.models.tiny.build import ensure_tiny_model
from gpu_worker.models.tiny.clip_vocabulary import clip_tokenizer
from gpu_worker.models.tiny.qwen_vocabulary import qwen_tokenizer


def test_clip_tokens_have_the_ids_that_checkpoints_were_trained_with() -> None:
    tokenizer = clip_tokenizer()
    assert len(tokenizer) == 49_408
    assert tokenizer("a photo of a cat")["input_ids"] == [49406, 320, 1125, 539, 320, 2368, 49407]


def test_qwen_tokens_have_the_ids_that_checkpoints_were_trained_with() -> None:
    tokenizer = qwen_tokenizer()
    assert tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_start|>", "<|im_end|>"]) == [151643, 151644, 151645]
    assert tokenizer("Hello world")["input_ids"] == [9707, 1879]
    assert tokenizer.decode(tokenizer("灯塔 at dawn")["input_ids"]) == "灯塔 at dawn"


def test_without_the_wheels_the_same_code_works_on_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_data, "find_spec", lambda _: None)
    for tokenizer in (clip_tokenizer(), qwen_tokenizer()):
        ids = tokenizer("dawn")["input_ids"]
        assert len([i for i in ids if i not in tokenizer.all_special_ids]) == 4


def test_two_machines_build_the_same_weights(tmp_path: Path) -> None:
    ours = ensure_tiny_model("wan", tmp_path / "ours")
    theirs = ensure_tiny_model("wan", tmp_path / "theirs")
    known = tmp_path / "digests.json"
    assert weights_digest(ours, known) == weights_digest(theirs, known)
    for file in ("tokenizer/tokenizer.json", "transformer/config.json"):
        assert (ours / file).read_bytes() == (theirs / file).read_bytes()


def test_what_a_killed_builder_left_is_cleared_away(tmp_path: Path) -> None:
    leftover = tmp_path / "tiny" / ".wan-half"
    leftover.mkdir(parents=True)
    place = ensure_tiny_model("wan", tmp_path)
    assert (place / "model_index.json").is_file()
    assert not leftover.exists()
