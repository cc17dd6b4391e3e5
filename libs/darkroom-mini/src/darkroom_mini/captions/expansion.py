"""Short requests, and the full sentence that each may become: what a caption expander learns from."""

from dataclasses import dataclass, replace
from random import Random

from darkroom_mini.captions.caption import Attribute
from darkroom_mini.captions.german import describe_in_german
from darkroom_mini.captions.grammar import describe
from darkroom_mini.captions.lexicon import (
    COLOURS,
    COUNTS,
    LANDSCAPES,
    MANY,
    ONE,
    PLACES,
    SETTINGS,
    STYLES,
    TIMES,
    WEATHERS,
    words_of,
)
from darkroom_mini.captions.sampling import Stated, sample_scene
from darkroom_mini.world.scene import WITHOUT_WEATHER, Place, Scene, Style, Thing, Time, Weather
from darkroom_mini.world.subjects.catalogue import SUBJECTS

_KEPT, _WITH_MOOD = 0.55, 0.7
_WITHOUT_ARTICLE = 0.2
"""Of requests in German; those in English may be tags, which have none."""
_POSES = words_of("standing|waiting|resting")
_ADDED = words_of("beautiful|little|large|lovely|elegant|old")
_MOODS = words_of("soft colors|peaceful|dramatic lighting|calm mood|nice composition|very detailed|cinematic")
_RELATIONS = ("next to", "beside", "and")


@dataclass(frozen=True, slots=True)
class Expansion:
    """A request of a user and its full sentence."""

    request: str
    sentence: str
    scene: Scene
    stated: Stated
    """What the request states of the scene, beside its subjects and their count."""


def sample_expansion(random: Random, german: float = 0.3) -> Expansion:
    """Return a request and a sentence that keeps what it states and adds the rest.

    `german` is the share of requests in German, from 0 to 1; sentences are always English.
    """
    scene, stated = _request(random)
    if random.random() < german:
        request = describe_in_german(scene, stated, random)
        if random.random() < _WITHOUT_ARTICLE:
            request = request.removeprefix("eine ").removeprefix("ein ")
    else:
        request = describe(scene, stated, random).text
    return Expansion(request, full_sentence(scene, random), scene, stated)


def full_sentence(scene: Scene, random: Random) -> str:
    """Return one sentence that states everything of a scene in words that the image model knows."""
    if scene.things:
        things = [_named(thing, scene.count, random) for thing in scene.things]
        parts = [f" {random.choice(_RELATIONS)} ".join(things), random.choice(_POSES)]
        if scene.place is not Place.CENTRE:
            parts.append(random.choice(PLACES[scene.place]))
        parts.append(random.choice(SETTINGS[scene.setting]))
    else:
        parts = [random.choice(LANDSCAPES[scene.setting])]
    parts.append(random.choice(TIMES[scene.time]))
    if scene.weather is not Weather.CLEAR:
        parts.append(random.choice(WEATHERS[scene.weather]))
    moods = random.sample(_MOODS, random.randint(1, 2)) if random.random() < _WITH_MOOD else []
    text = ", ".join([" ".join(parts), random.choice(STYLES[scene.style]), *moods])
    return text[0].upper() + text[1:] + "."


def _request(random: Random) -> tuple[Scene, Stated]:
    """Return a scene and the few attributes that a request states. The others are what people would expect."""
    scene, all_stated = sample_scene(random)
    stated = {attribute for attribute in all_stated if random.random() < _KEPT}
    things = tuple(
        thing if attribute in stated else Thing(thing.subject, random.choice(SUBJECTS[thing.subject].colours))
        for thing, attribute in zip(scene.things, (Attribute.COLOUR, Attribute.SECOND_COLOUR), strict=False)
    )
    homes = SUBJECTS[scene.things[0].subject].homes if scene.things else (scene.setting,)
    setting = scene.setting if Attribute.SETTING in stated else random.choice(homes)
    style = scene.style if Attribute.STYLE in stated else random.choice((Style.FLAT, Style.FLAT, Style.WATERCOLOUR))
    time = scene.time if Attribute.TIME in stated else random.choice(tuple(Time))
    weather = scene.weather if Attribute.WEATHER in stated else Weather.CLEAR
    if setting in WITHOUT_WEATHER:
        weather = Weather.CLEAR
        stated.discard(Attribute.WEATHER)
    if style is Style.NEON:
        time = Time.NIGHT
    place = scene.place if Attribute.PLACE in stated else Place.CENTRE
    changed = replace(scene, things=things, setting=setting, style=style, time=time, weather=weather, place=place)
    return changed, frozenset(stated)


def _named(thing: Thing, count: int, random: Random) -> str:
    words = [random.choice(COLOURS[thing.colour]), random.choice((ONE if count == 1 else MANY)[thing.subject])]
    if random.random() < 0.5:
        words.insert(0, random.choice(_ADDED))
    if count > 1:
        return " ".join([random.choice(COUNTS[count]), *words])
    return " ".join(["an" if words[0][0] in "aeiou" else "a", *words])
