"""The proof asks about what a prompt states, and scores unseen combinations apart."""

from collections.abc import Sequence
from random import Random

import pytest
from darkroom_mini.captions.parser import parse
from darkroom_mini.judge.prompts import Prompt, proof_prompts
from darkroom_mini.judge.proof import TWO_THINGS, prove
from darkroom_mini.judge.questions import QUESTIONS, even_scene, right_answers
from PIL import Image

PROMPTS = proof_prompts(60)


class Oracle:
    """Answers what the prompts expect, except for the questions that it does not understand."""

    def __init__(self, *, without: Sequence[str] = ()) -> None:
        self.without = without

    def answer(self, pictures: Sequence[Image.Image]) -> list[dict[str, str]]:
        known = [dict.fromkeys(QUESTIONS, "?") | prompt.expected for prompt in PROMPTS]
        return [{question: "?" if question in self.without else row[question] for question in row} for row in known]


def draw(prompts: Sequence[Prompt], seed: int) -> list[Image.Image]:
    return [Image.new("RGB", (256, 256))] * len(prompts)


def test_half_of_the_prompts_are_unseen_and_all_are_the_same_each_time() -> None:
    assert sum(prompt.unseen for prompt in PROMPTS) == 30
    assert proof_prompts(60) == PROMPTS


def test_a_prompt_expects_what_it_states() -> None:
    for prompt in PROMPTS:
        facts = parse(prompt.text)
        assert prompt.expected["subject"] == facts.things[0].subject
        assert prompt.expected["count"] == str(facts.count)
        assert prompt.expected.get("setting") == facts.setting
        assert prompt.expected.get("colour") == facts.things[0].colour


def test_a_model_that_draws_everything_rightly_scores_1() -> None:
    scores = prove(Oracle(), draw, PROMPTS, passes=2)
    assert set(scores) == {"all", "seen", "unseen", "chance"}
    assert set(scores["all"].values()) == {1.0}
    assert scores["chance"]["subject"] < 0.2


def test_only_what_is_drawn_wrongly_loses_points() -> None:
    scores = prove(Oracle(without=("second subject",)), draw, PROMPTS, passes=1)
    assert scores["all"][TWO_THINGS] == 0
    assert scores["all"]["subject"] == 1


def test_even_scenes_tell_nothing_but_by_their_pixels() -> None:
    random = Random(1)
    answers = [right_answers(even_scene(random)) for _ in range(6_000)]
    night = [answer["subject"] for answer in answers if answer["time"] == "night"]
    assert night.count("cat") / len(night) == pytest.approx(1 / len(QUESTIONS["subject"]), abs=0.012)
