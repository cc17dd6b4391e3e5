"""The published expander turns requests into one sentence that keeps what they state."""

import re
from pathlib import Path
from typing import Any

import darkroom_mini
import pytest
import torch
from darkroom_mini.captions.parser import parse
from darkroom_mini.training.expander_check import left_out, write_sentences
from darkroom_mini.world.scene import Setting

FOLDER = Path(darkroom_mini.__path__[0], "weights", "expander")
MAX_BYTES = 10_000_000
REQUESTS, SEED = 60, 70_001
ALLOWED = 0.1


@pytest.fixture(scope="module")
def expander() -> tuple[Any, Any]:
    """Return model and tokenizer, which transformers does not annotate."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)
    return AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True).eval(), tokenizer


def written(expander: tuple[Any, Any], request: str, seed: int = 1) -> str:
    torch.manual_seed(seed)
    [sentence] = write_sentences(*expander, [request])
    return sentence


def test_a_clone_stays_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < MAX_BYTES


@pytest.mark.parametrize("german", [0.0, 1.0])
def test_sentences_keep_what_requests_state(expander: tuple[Any, Any], german: float) -> None:
    assert left_out(*expander, REQUESTS, seed=SEED, german=german)["any"] <= ALLOWED * REQUESTS


@pytest.mark.parametrize("request_", ["a cat", "Eine Katze", "my dog sleeps by the window in the evening", "waves"])
def test_a_request_becomes_one_longer_sentence(expander: tuple[Any, Any], request_: str) -> None:
    sentence = written(expander, request_)
    assert re.fullmatch(r"[A-Z0-9][^.]*\.", sentence)
    assert len(sentence.split()) > len(request_.split())


def test_seeds_give_different_sentences(expander: tuple[Any, Any]) -> None:
    sentences = {written(expander, "ein Leuchtturm", seed) for seed in range(5)}
    assert len(sentences) > 2
    assert {thing.subject for sentence in sentences for thing in parse(sentence).things} == {"lighthouse"}


def test_a_request_may_name_no_thing(expander: tuple[Any, Any]) -> None:
    facts = parse(written(expander, "das Meer bei Nacht"))
    assert (facts.things, facts.setting) == ([], Setting.SEA)
