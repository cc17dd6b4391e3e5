"""Captions say what a scene shows, and can be read back."""

from random import Random

import pytest
from darkroom_mini.captions.caption import Attribute
from darkroom_mini.captions.grammar import describe
from darkroom_mini.captions.lexicon import MANY, ONE
from darkroom_mini.captions.parser import Facts, Named, parse
from darkroom_mini.captions.sampling import is_held_out, sample_held_out, sample_scene
from darkroom_mini.world.scene import Colour, Scene, Setting, Style, Time, Weather
from darkroom_mini.world.subjects.catalogue import SUBJECTS


def stated_facts(scene: Scene, stated: frozenset[Attribute]) -> Facts:
    colours = (Attribute.COLOUR, Attribute.SECOND_COLOUR)
    return Facts(
        things=[
            Named(thing.subject, thing.colour if attribute in stated else None)
            for thing, attribute in zip(scene.things, colours, strict=False)
        ],
        count=scene.count,
        setting=scene.setting if Attribute.SETTING in stated else None,
        time=scene.time if Attribute.TIME in stated else None,
        weather=scene.weather if Attribute.WEATHER in stated else None,
        style=scene.style if Attribute.STYLE in stated else None,
        place=scene.place if Attribute.PLACE in stated else None,
    )


def test_captions_are_read_back_as_what_they_state() -> None:
    random = Random(11)
    for _ in range(4_000):
        scene, stated = sample_scene(random)
        caption = describe(scene, stated, random)
        assert parse(caption.text) == stated_facts(scene, stated), caption.text


def test_every_subject_has_words() -> None:
    assert set(ONE) == set(MANY) == set(SUBJECTS)


def test_captions_of_one_scene_differ() -> None:
    random = Random(3)
    scene, stated = sample_scene(random)
    assert len({describe(scene, stated, random).text for _ in range(50)}) > 40


def test_held_out_combinations_are_never_trained_on() -> None:
    random = Random(5)
    assert not any(is_held_out(sample_scene(random)[0]) for _ in range(3_000))
    scene, stated = sample_held_out(random)
    assert is_held_out(scene)
    assert {Attribute.COLOUR, Attribute.SETTING, Attribute.TIME} <= stated


@pytest.mark.parametrize(
    ("prompt", "facts"),
    [
        ("a lighthouse at dawn", Facts([Named("lighthouse", None)], time=Time.DAWN)),
        (
            "My dog sleeps by the window in the evening",
            Facts([Named("dog", None)], setting=Setting.ROOM, time=Time.DUSK),
        ),
        ("a cat beside a red boat", Facts([Named("cat", None), Named("boat", Colour.RED)])),
        ("a boat to the right of a cat", Facts([Named("cat", None), Named("boat", None)])),
        ("under an orange sky, an orange orange tree", Facts([Named("tree", Colour.ORANGE)], time=Time.DUSK)),
        (
            "pixel art of three blue birds in the rain, masterpiece",
            Facts([Named("bird", Colour.BLUE)], count=3, weather=Weather.RAIN, style=Style.PIXEL),
        ),
        ("quarterly results of a bank", Facts()),
        ("waves rolling onto a beach at dusk", Facts(setting=Setting.BEACH, time=Time.DUSK)),
        ("a dragon in the forest", Facts(setting=Setting.FOREST)),
    ],
)
def test_an_ordinary_prompt_is_understood(prompt: str, facts: Facts) -> None:
    assert parse(prompt) == facts
