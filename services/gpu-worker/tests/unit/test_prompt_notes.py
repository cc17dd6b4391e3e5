"""Notes for the user name what a model did not read."""

from darkroom_schemas.recipe import PromptRead, TextRead
from darkroom_schemas.step import StepResult
from gpu_worker.domain.prompt.notes import notes_of


def test_text_that_was_read_whole_needs_no_note() -> None:
    whole = PromptRead(tokens=80, read=80, chunks=2, weighted=True)
    assert notes_of(TextRead(prompt=whole, negative_prompt=whole, clip_skip=2)) == ()
    assert notes_of(TextRead(prompt=whole)) == ()


def test_text_that_was_read_in_part_is_counted() -> None:
    read = TextRead(prompt=PromptRead(tokens=600, read=511), negative_prompt=PromptRead(tokens=513, read=511))
    assert notes_of(read) == (
        "The model read 511 of the 600 tokens of the prompt.",
        "The model read 511 of the 513 tokens of the negative prompt.",
    )


def test_loras_without_effect_are_named_once() -> None:
    tagged = PromptRead(tokens=1, read=1, loras_not_applied=("<lora:ink:1>", "<lora:ink:1>", "<lora:oil>"))
    assert notes_of(TextRead(prompt=tagged, negative_prompt=tagged)) == (
        "LoRAs that this worker does not have, or that a negative prompt names, were not applied: "
        "<lora:ink:1>, <lora:oil>.",
    )


def test_notes_fit_into_a_result() -> None:
    tags = tuple(f"<lora:{number}{'x' * 196}:{'0' * 40}>" for number in range(100))
    part = PromptRead(tokens=2, read=1, loras_not_applied=tags)
    notes = notes_of(TextRead(prompt=part, negative_prompt=part))
    assert len(StepResult(notes=notes).notes) == 3
    assert notes[2].endswith(" and others.")
