"""Texts of results fit into the queue, and can be stored."""

import json

import pytest
from darkroom_queue.worker.attempt import MAX_RESULT_BYTES
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepResult
from gpu_worker.connectors.result_text import MAX_TEXT_BYTES, result_text
from gpu_worker.domain.failures import Failure


@pytest.mark.parametrize(
    ("text", "stored"), [("plain", "plain"), ("a\x00b", "a\ufffdb"), ("a\ud800b", "a\ufffdb"), ("😀", "😀"), ("", "")]
)
def test_characters_that_cannot_be_stored_are_replaced(text: str, stored: str) -> None:
    assert result_text(text) == stored


@pytest.mark.parametrize("letter", ["x", "ü", "😀", '"', "\n", "\x01"])
def test_the_longest_text_fits_into_the_queue(letter: str) -> None:
    size = len(json.dumps(letter, ensure_ascii=False).encode()) - 2
    longest = letter * ((MAX_TEXT_BYTES - 2) // size)
    assert len(StepResult(text=result_text(longest)).model_dump_json().encode()) < MAX_RESULT_BYTES
    with pytest.raises(Failure, match="at most 200,000 fit") as caught:
        result_text(longest + letter * 2)
    assert caught.value.code is StepErrorCode.OUTPUT_TOO_LARGE
