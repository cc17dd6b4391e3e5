"""Compares a sentence with the scene that it should describe."""

from darkroom_mini.captions.caption import Attribute
from darkroom_mini.captions.parser import parse
from darkroom_mini.world.scene import Place, Scene, Weather

SUBJECTS, COUNT = "subjects", "count"


def missing(scene: Scene, stated: frozenset[Attribute], sentence: str) -> list[str]:
    """Return what a request states and the sentence does not: subjects, their count, and attributes."""
    facts = parse(sentence)
    if [thing.subject for thing in facts.things] != [thing.subject for thing in scene.things]:
        return [SUBJECTS]
    colours = (Attribute.COLOUR, Attribute.SECOND_COLOUR)[: len(scene.things)]
    wrong: list[str] = [
        name
        for name, asked, found in zip(colours, scene.things, facts.things, strict=True)
        if name in stated and asked.colour != found.colour
    ]
    others = {
        Attribute.SETTING: (scene.setting, facts.setting),
        Attribute.TIME: (scene.time, facts.time),
        Attribute.WEATHER: (scene.weather, facts.weather or Weather.CLEAR),
        Attribute.STYLE: (scene.style, facts.style),
        Attribute.PLACE: (scene.place, facts.place or Place.CENTRE),
    }
    wrong += [name for name, (asked, found) in others.items() if name in stated and asked != found]
    return [*wrong, *([COUNT] if facts.count != scene.count else [])]
