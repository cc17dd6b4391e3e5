"""Draws scenes at random, with what a caption of each states. What is not stated is what people would expect."""

from random import Random
from zlib import crc32

from darkroom_mini.captions.caption import Attribute
from darkroom_mini.world.scene import WITHOUT_WEATHER, Colour, Place, Scene, Setting, Style, Thing, Time, Weather
from darkroom_mini.world.subjects.catalogue import SUBJECTS

Stated = frozenset[Attribute]

_POOL = [name for name, subject in SUBJECTS.items() for _ in range(subject.share)]
_NO_THINGS = 0.06
_TWO_THINGS, _USUAL_COLOUR, _AT_HOME = 0.22, 0.4, 0.22
_HELD_OUT_OF = 12
"""One in so many combinations of subject, colour, setting and time is never trained on."""


def sample_scene(random: Random) -> tuple[Scene, Stated]:
    """Return a scene that may be trained on, and the attributes that its caption states."""
    while True:
        scene, stated = _sample(random)
        if not is_held_out(scene):
            return scene, stated


def sample_held_out(random: Random) -> tuple[Scene, Stated]:
    """Return a scene of a combination that is never trained on; its caption states all four parts of it."""
    needed = {Attribute.COLOUR, Attribute.SETTING, Attribute.TIME}
    while True:
        scene, stated = _sample(random)
        if is_held_out(scene) and needed <= stated:
            return scene, stated


def is_held_out(scene: Scene) -> bool:
    """Return whether a scene shows a combination of subject, colour, setting and time that is kept for the proof."""
    return any(_is_kept(thing, scene) for thing in scene.things)


def _is_kept(thing: Thing, scene: Scene) -> bool:
    combination = f"{thing.subject}|{thing.colour}|{scene.setting}|{scene.time}"
    expected = thing.colour in SUBJECTS[thing.subject].colours and scene.setting in SUBJECTS[thing.subject].homes
    return not expected and crc32(combination.encode()) % _HELD_OUT_OF == 0


def _sample(random: Random) -> tuple[Scene, Stated]:
    stated: set[Attribute] = set()
    first = _thing(random, Attribute.COLOUR, stated)
    things: tuple[Thing, ...] = (first,)
    if random.random() < _TWO_THINGS:
        second = _thing(random, Attribute.SECOND_COLOUR, stated)
        while second.subject == first.subject:
            second = _thing(random, Attribute.SECOND_COLOUR, stated)
        things = (first, second)
    setting = _setting(random, first, stated)
    style = random.choices(tuple(Style), (56, 12, 12, 10, 10))[0]
    if style is not Style.FLAT or random.random() < 0.1:
        stated.add(Attribute.STYLE)
    time = _time(random, style, stated)
    weather = _weather(random, setting, stated)
    if random.random() < _NO_THINGS:
        stated = (stated | {Attribute.SETTING}) - {Attribute.COLOUR, Attribute.SECOND_COLOUR}
        return Scene((), setting=setting, time=time, weather=weather, style=style), frozenset(stated)
    count = 1 if len(things) > 1 else random.choices((1, 2, 3), (72, 16, 12))[0]
    return (
        Scene(
            things=things,
            count=count,
            setting=setting,
            time=time,
            weather=weather,
            style=style,
            place=_place(random, stated) if count * len(things) == 1 else Place.CENTRE,
        ),
        frozenset(stated),
    )


def _thing(random: Random, attribute: Attribute, stated: set[Attribute]) -> Thing:
    name = random.choice(_POOL)
    usual = random.random() < _USUAL_COLOUR
    colour = random.choice(SUBJECTS[name].colours) if usual else random.choice(tuple(Colour))
    stated.discard(attribute)
    if not usual or random.random() < 0.35:
        stated.add(attribute)
    return Thing(name, colour)


def _setting(random: Random, first: Thing, stated: set[Attribute]) -> Setting:
    homes = SUBJECTS[first.subject].homes
    if random.random() < 0.12:
        return random.choice(homes)
    stated.add(Attribute.SETTING)
    return random.choice(homes) if random.random() < _AT_HOME else random.choice(tuple(Setting))


def _time(random: Random, style: Style, stated: set[Attribute]) -> Time:
    if style is Style.NEON:
        if random.random() < 0.4:
            stated.add(Attribute.TIME)
        return Time.NIGHT
    if random.random() < 0.18:
        return Time.DAY
    stated.add(Attribute.TIME)
    return random.choice(tuple(Time))


def _weather(random: Random, setting: Setting, stated: set[Attribute]) -> Weather:
    if setting in WITHOUT_WEATHER or random.random() < 0.66:
        return Weather.CLEAR
    stated.add(Attribute.WEATHER)
    return random.choices(tuple(Weather), (1, 9, 9, 9))[0]


def _place(random: Random, stated: set[Attribute]) -> Place:
    place = random.choices((Place.CENTRE, Place.LEFT, Place.RIGHT), (64, 18, 18))[0]
    if place is not Place.CENTRE or random.random() < 0.08:
        stated.add(Attribute.PLACE)
    return place
