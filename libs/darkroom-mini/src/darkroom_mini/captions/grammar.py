"""Writes captions: sentences and lists of tags, in many wordings."""

from collections.abc import Sequence
from random import Random

from darkroom_mini.captions.caption import Attribute, Caption
from darkroom_mini.captions.fillers import ADJECTIVES, LEADS, TAILS, VERBS, VERBS_OF_ONE, unknown_word
from darkroom_mini.captions.lexicon import (
    COLOURS,
    COUNTS,
    LANDSCAPES,
    MANY,
    ONE,
    PLACES,
    SETTING_TAGS,
    SETTINGS,
    STYLES,
    TIME_TAGS,
    TIMES,
    UNIQUE,
    WEATHER_TAGS,
    WEATHERS,
)
from darkroom_mini.world.scene import Scene, Style, Thing

_UNKNOWN_THING = 0.4
_OWNERS = ("my", "our", "this", "her", "the")
_BETWEEN = ("and", "next to", "beside", "with", "near", "to the left of")


def describe(scene: Scene, stated: frozenset[Attribute], random: Random) -> Caption:
    """Return a caption of a scene that states these attributes, in a wording of the random numbers' choice."""
    text = _tags(scene, stated, random) if random.random() < 0.2 else _sentence(scene, stated, random)
    if random.random() < 0.12:
        text += ", " + ", ".join(random.sample(TAILS, random.randint(1, 2)))
    if random.random() < 0.05:
        text += ", " + unknown_word(random)
    if random.random() < 0.12:
        text = text[:1].upper() + text[1:] + random.choice((".", ""))
    return Caption(text, stated)


def _tags(scene: Scene, stated: frozenset[Attribute], random: Random) -> str:
    if not scene.things:
        head = [unknown_word(random)] if random.random() < _UNKNOWN_THING else []
    elif len(scene.things) > 1:
        head = [_named(scene, place, stated, random, bare=True) for place in (0, 1)]
        head = [", ".join(head)] if random.random() < 0.5 else [" and ".join(head)]
    else:
        head = [_named(scene, 0, stated, random, bare=random.random() < 0.7)]
    tags = [
        random.choice(words)
        for attribute, words in (
            (Attribute.SETTING, SETTING_TAGS[scene.setting]),
            (Attribute.TIME, TIME_TAGS[scene.time]),
            (Attribute.WEATHER, WEATHER_TAGS[scene.weather]),
            (Attribute.PLACE, PLACES[scene.place]),
            (Attribute.STYLE, STYLES[scene.style]),
        )
        if attribute in stated
    ]
    random.shuffle(tags)
    return ", ".join(head + tags)


def _sentence(scene: Scene, stated: frozenset[Attribute], random: Random) -> str:
    if not scene.things:
        core, stated = _landscape(scene, stated, random)
    else:
        core = _core(scene, stated, random)
    parts = {
        attribute: random.choice(words)
        for attribute, words in (
            (Attribute.SETTING, SETTINGS[scene.setting]),
            (Attribute.TIME, TIMES[scene.time]),
            (Attribute.WEATHER, WEATHERS[scene.weather]),
            (Attribute.PLACE, PLACES[scene.place]),
        )
        if attribute in stated
    }
    fronted = bool(parts) and random.random() < 0.1
    if fronted:
        front = random.choice([part for part in parts if part is not Attribute.PLACE] or list(parts))
        core = f"{parts.pop(front)}, {core}"
    text = " ".join([core, *_ordered(list(parts.values()), random)])
    if Attribute.STYLE in stated:
        return f"{text}, {random.choice(STYLES[scene.style])}" if fronted else _with_style(text, scene.style, random)
    return text if fronted else _with_lead(text, random)


def _ordered(parts: list[str], random: Random) -> list[str]:
    if random.random() < 0.5:
        random.shuffle(parts)
    if len(parts) > 1 and random.random() < 0.12:
        parts[0] += ","
    return parts


def _landscape(scene: Scene, stated: frozenset[Attribute], random: Random) -> tuple[str, frozenset[Attribute]]:
    """Return words for a scene without things, and what is left to be stated.

    Some name a thing that does not exist, so that the model draws nothing in place of what it does not know.
    """
    if random.random() < _UNKNOWN_THING:
        word = unknown_word(random)
        return f"{random.choice(('a', 'the', 'my'))} {word}" if word[0] not in "aeiou" else f"an {word}", stated
    return random.choice(LANDSCAPES[scene.setting]), stated - {Attribute.SETTING}


def _core(scene: Scene, stated: frozenset[Attribute], random: Random) -> str:
    first = _named(scene, 0, stated, random)
    if len(scene.things) == 1:
        if random.random() < 0.1:
            return f"{first} {random.choice(VERBS)}"
        if scene.count == 1 and random.random() < 0.06:
            return f"{first} {random.choice(VERBS_OF_ONE)}"
        return first
    second = _named(scene, 1, stated, random)
    wording = random.random()
    if wording < 0.1:
        return f"{first} on the left and {second} on the right"
    if wording < 0.16:
        return f"{second} to the right of {first}"
    return f"{first} {random.choice(_BETWEEN)} {second}"


def _named(scene: Scene, place: int, stated: frozenset[Attribute], random: Random, *, bare: bool = False) -> str:
    """Return one of the things with its article or number, a filler, and its colour if that is stated."""
    thing: Thing = scene.things[place]
    attribute = Attribute.COLOUR if place == 0 else Attribute.SECOND_COLOUR
    words = [random.choice(ONE[thing.subject] if scene.count == 1 else MANY[thing.subject])]
    if attribute in stated:
        words.insert(0, random.choice(COLOURS[thing.colour]))
    if random.random() < 0.14:
        words.insert(0, unknown_word(random) if random.random() < 0.2 else random.choice(ADJECTIVES))
    if scene.count > 1:
        words.insert(0, random.choice(COUNTS[scene.count]))
    elif not bare:
        words.insert(0, _article(thing.subject, words, random))
    return " ".join(words)


def _article(subject: str, words: Sequence[str], random: Random) -> str:
    if subject in UNIQUE and random.random() < 0.6:
        return "the"
    choice = random.random()
    if choice < 0.86:
        return "an" if words[0][0] in "aeiou" else "a"
    return "one" if choice < 0.9 else random.choice(_OWNERS)


def _with_style(text: str, style: Style, random: Random) -> str:
    words = random.choice(STYLES[style])
    return random.choice(
        (
            f"{words} of {text}",
            f"{text}, {words}",
            f"{text}, {words}",
            f"{text} in {words} style",
            f"a {words} of {text}",
        )
    )


def _with_lead(text: str, random: Random) -> str:
    return f"{random.choice(LEADS)} {text}" if random.random() < 0.12 else text
