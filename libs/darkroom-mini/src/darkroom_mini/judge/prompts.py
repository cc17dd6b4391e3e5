"""The prompts of the proof: half of them of combinations that are never trained on, which are scored apart."""

from dataclasses import dataclass
from random import Random

from darkroom_mini.captions.caption import Attribute
from darkroom_mini.captions.grammar import describe
from darkroom_mini.captions.sampling import sample_held_out, sample_scene
from darkroom_mini.judge.questions import right_answers
from darkroom_mini.world.scene import Scene

_SEED = 977_000_001
"""Far from the seeds of the training's captions."""
_STATED = {
    "colour": Attribute.COLOUR,
    "second colour": Attribute.SECOND_COLOUR,
    "setting": Attribute.SETTING,
    "time": Attribute.TIME,
    "weather": Attribute.WEATHER,
    "style": Attribute.STYLE,
    "place": Attribute.PLACE,
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and the answers that a picture of it must give."""

    text: str
    unseen: bool
    """Whether its combination of subject, colour, setting and time is never trained on."""
    expected: dict[str, str]
    """Answers to the questions of which the prompt states something."""


def proof_prompts(count: int) -> list[Prompt]:
    """Return the prompts, seen and unseen combinations in turn. They are the same on every machine."""
    random = Random(_SEED)
    prompts = []
    for index in range(count):
        unseen = index % 2 == 1
        scene, stated = (sample_held_out if unseen else _sample_things)(random)
        prompts.append(Prompt(describe(scene, stated, random).text, unseen, _expected(scene, stated)))
    return prompts


def _sample_things(random: Random) -> tuple[Scene, frozenset[Attribute]]:
    """Return a scene that may be trained on, with at least one thing."""
    while True:
        scene, stated = sample_scene(random)
        if scene.things:
            return scene, stated


def _expected(scene: Scene, stated: frozenset[Attribute]) -> dict[str, str]:
    right = right_answers(scene)
    asked = {"subject", "count"} | {question for question, attribute in _STATED.items() if attribute in stated}
    if len(scene.things) > 1:
        asked.add("second subject")
    return {question: answer for question, answer in right.items() if question in asked}
