"""Prompt enhancement for real, on a tiny language model that knows no language."""

import pytest
from darkroom_schemas.payload import PromptPayload
from gpu_worker.domain.failures import Stopped
from support.drawing import Draw


def test_the_same_seed_writes_the_same_text(draw: Draw, prompt_payload: PromptPayload) -> None:
    texts = [draw(prompt_payload.model_copy(update={"seeds": (seed,)})).run().text for seed in (1, 1, 2**64 - 1)]
    assert texts[0] == texts[1] != texts[2]


def test_the_text_can_be_stored_and_shown(draw: Draw, prompt_payload: PromptPayload) -> None:
    for seed in range(5):
        text = draw(prompt_payload.model_copy(update={"seeds": (seed,)})).run().text
        assert text
        assert text.isprintable()
        assert text == text.strip()


def test_progress_counts_words(draw: Draw, prompt_payload: PromptPayload) -> None:
    drawing = draw(prompt_payload)
    drawing.run()
    steps = [update.current_step for update in drawing.progress if update.message == "write"]
    assert steps[:4] == [0, 1, 2, 3]
    assert drawing.progress[-1].total_steps == 48


def test_writing_stops_within_a_word(draw: Draw, prompt_payload: PromptPayload) -> None:
    drawing = draw(prompt_payload, stop_when=lambda update: update.message == "write" and update.current_step == 3)
    with pytest.raises(Stopped):
        drawing.run()
    assert drawing.progress[-1].current_step == 3
