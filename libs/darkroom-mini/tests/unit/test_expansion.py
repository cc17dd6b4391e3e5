"""A request becomes a full sentence, which keeps what the request states."""

import re
from random import Random

from darkroom_mini.captions.caption import Attribute
from darkroom_mini.captions.expansion import full_sentence, sample_expansion
from darkroom_mini.captions.german import NOUNS, describe_in_german
from darkroom_mini.captions.kept import missing
from darkroom_mini.captions.parser import Facts, Named, parse
from darkroom_mini.captions.sampling import sample_scene
from darkroom_mini.world.scene import Colour, Place, Scene, Setting, Thing, Time, Weather
from darkroom_mini.world.subjects.catalogue import SUBJECTS


def test_a_full_sentence_states_everything_of_its_scene() -> None:
    random = Random(4)
    for _ in range(1_500):
        scene, _ = sample_scene(random)
        sentence = full_sentence(scene, random)
        assert parse(sentence) == Facts(
            things=[Named(thing.subject, thing.colour) for thing in scene.things],
            count=scene.count,
            setting=scene.setting,
            time=scene.time,
            weather=None if scene.weather is Weather.CLEAR else scene.weather,
            style=scene.style,
            place=None if scene.place is Place.CENTRE else scene.place,
        ), sentence
        assert re.fullmatch(r"[A-Z0-9][^.]*\.", sentence)


def test_a_sentence_keeps_what_its_request_states() -> None:
    random = Random(6)
    for _ in range(2_000):
        pair = sample_expansion(random, german=0)
        asked, written = parse(pair.request), parse(pair.sentence)
        assert [thing.subject for thing in written.things] == [thing.subject for thing in asked.things], pair
        for wanted, found in zip(asked.things, written.things, strict=True):
            assert wanted.colour in (None, found.colour), pair
        assert asked.count == written.count, pair
        for name in ("setting", "time", "style"):
            assert getattr(asked, name) in (None, getattr(written, name)), pair


def test_what_a_sentence_leaves_out_is_named() -> None:
    random = Random(7)
    for _ in range(500):
        pair = sample_expansion(random)
        assert missing(pair.scene, pair.stated, pair.sentence) == [], pair
    scene = Scene((Thing("cat", Colour.RED), Thing("boat", Colour.BLUE)), setting=Setting.SEA, time=Time.NIGHT)
    stated = frozenset({Attribute.COLOUR, Attribute.SECOND_COLOUR, Attribute.SETTING, Attribute.TIME})
    assert missing(scene, stated, "A red cat beside a blue boat on the sea at night.") == []
    assert missing(scene, stated, "A red cat beside a green boat on the beach at night.") == [
        "second_colour",
        "setting",
    ]
    assert missing(scene, stated, "A red dog beside a blue boat on the sea at night.") == ["subjects"]
    assert missing(scene, stated, "Two red cats beside a blue boat on the sea at night.") == ["count"]


def test_german_requests_have_articles_and_endings() -> None:
    red_cat = Scene((Thing("cat", Colour.RED),), setting=Setting.BEACH, time=Time.NIGHT)
    stated = frozenset({Attribute.COLOUR})
    assert describe_in_german(red_cat, stated, Random(1)) == "eine rote Katze"
    three = Scene((Thing("lighthouse", Colour.WHITE),), count=3)
    assert describe_in_german(three, stated, Random(1)) == "drei weiße Leuchttürme"
    pair = Scene((Thing("dog", Colour.ORANGE), Thing("boat", Colour.BLUE)))
    both = frozenset({Attribute.COLOUR, Attribute.SECOND_COLOUR})
    found = {describe_in_german(pair, both, Random(seed)) for seed in range(20)}
    assert found == {
        "ein orange Hund und ein blaues Boot",
        "ein orange Hund neben einem blauen Boot",
        "ein orange Hund mit einem blauen Boot",
    }


def test_every_subject_has_a_german_noun() -> None:
    assert set(NOUNS) == set(SUBJECTS)
