"""Short requests in German, which the caption expander understands as well."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from darkroom_mini.captions.caption import Attribute
from darkroom_mini.captions.lexicon import Words, words_of
from darkroom_mini.world.scene import Colour, Place, Scene, Setting, Style, Thing, Time, Weather

Gender = Literal["m", "f", "n"]
_ENDINGS: dict[Gender, str] = {"m": "er", "f": "e", "n": "es"}
_ARTICLES: dict[Gender, str] = {"m": "ein", "f": "eine", "n": "ein"}
_NUMBERS = {2: words_of("zwei|zwei|2"), 3: words_of("drei|drei|3")}


@dataclass(frozen=True, slots=True)
class _Noun:
    gender: Gender
    one: str
    many: str


NOUNS: dict[str, _Noun] = {
    "cat": _Noun("f", "Katze", "Katzen"),
    "dog": _Noun("m", "Hund", "Hunde"),
    "rabbit": _Noun("m", "Hase", "Hasen"),
    "elephant": _Noun("m", "Elefant", "Elefanten"),
    "penguin": _Noun("m", "Pinguin", "Pinguine"),
    "butterfly": _Noun("m", "Schmetterling", "Schmetterlinge"),
    "fish": _Noun("m", "Fisch", "Fische"),
    "whale": _Noun("m", "Wal", "Wale"),
    "bird": _Noun("m", "Vogel", "Vögel"),
    "car": _Noun("n", "Auto", "Autos"),
    "bus": _Noun("m", "Bus", "Busse"),
    "train": _Noun("m", "Zug", "Züge"),
    "boat": _Noun("n", "Boot", "Boote"),
    "airplane": _Noun("n", "Flugzeug", "Flugzeuge"),
    "rocket": _Noun("f", "Rakete", "Raketen"),
    "balloon": _Noun("m", "Heißluftballon", "Heißluftballons"),
    "house": _Noun("n", "Haus", "Häuser"),
    "lighthouse": _Noun("m", "Leuchtturm", "Leuchttürme"),
    "castle": _Noun("f", "Burg", "Burgen"),
    "windmill": _Noun("f", "Windmühle", "Windmühlen"),
    "tent": _Noun("n", "Zelt", "Zelte"),
    "tree": _Noun("m", "Baum", "Bäume"),
    "pine": _Noun("f", "Tanne", "Tannen"),
    "palm": _Noun("f", "Palme", "Palmen"),
    "flower": _Noun("f", "Blume", "Blumen"),
    "cactus": _Noun("m", "Kaktus", "Kakteen"),
    "mushroom": _Noun("m", "Pilz", "Pilze"),
    "snowman": _Noun("m", "Schneemann", "Schneemänner"),
    "robot": _Noun("m", "Roboter", "Roboter"),
    "umbrella": _Noun("m", "Regenschirm", "Regenschirme"),
    "cup": _Noun("f", "Tasse", "Tassen"),
    "apple": _Noun("m", "Apfel", "Äpfel"),
    "guitar": _Noun("f", "Gitarre", "Gitarren"),
    "lantern": _Noun("f", "Laterne", "Laternen"),
    "mountain": _Noun("m", "Berg", "Berge"),
    "moon": _Noun("m", "Mond", "Monde"),
    "sun": _Noun("f", "Sonne", "Sonnen"),
}
"""Each subject of the catalogue."""

_STEMS: dict[Colour, str] = {
    Colour.RED: "rot",
    Colour.YELLOW: "gelb",
    Colour.GREEN: "grün",
    Colour.BLUE: "blau",
    Colour.WHITE: "weiß",
    Colour.BLACK: "schwarz",
    Colour.BROWN: "braun",
    Colour.GRAY: "grau",
}
_INVARIABLE: dict[Colour, str] = {Colour.ORANGE: "orange", Colour.PURPLE: "lila", Colour.PINK: "rosa"}

_SETTINGS: dict[Setting, Words] = {
    Setting.SEA: words_of("auf dem Meer|am Meer|auf See"),
    Setting.BEACH: words_of("am Strand|an der Küste"),
    Setting.MEADOW: words_of("auf einer Wiese|auf dem Feld|im Garten|im Park"),
    Setting.FOREST: words_of("im Wald|auf einer Lichtung"),
    Setting.DESERT: words_of("in der Wüste|zwischen den Dünen"),
    Setting.SNOW: words_of("im Schnee|im Winter"),
    Setting.CITY: words_of("in der Stadt|auf der Straße"),
    Setting.SPACE: words_of("im Weltall|im All"),
    Setting.ROOM: words_of("am Fenster|auf der Fensterbank|im Zimmer"),
    Setting.UNDERWATER: words_of("unter Wasser|am Meeresgrund"),
}
_LANDSCAPES: dict[Setting, Words] = {
    Setting.SEA: words_of("das Meer|Wellen|ein ruhiges Meer|der Ozean"),
    Setting.BEACH: words_of("ein Strand|die Küste|Wellen am Strand"),
    Setting.MEADOW: words_of("eine Wiese|grüne Hügel|ein Park"),
    Setting.FOREST: words_of("ein Wald|der Wald|eine Lichtung"),
    Setting.DESERT: words_of("die Wüste|Sanddünen|Dünen"),
    Setting.SNOW: words_of("eine Winterlandschaft|eine verschneite Landschaft"),
    Setting.CITY: words_of("eine Stadt|eine Straße|Wolkenkratzer"),
    Setting.SPACE: words_of("das Weltall|ein fremder Planet"),
    Setting.ROOM: words_of("ein Fenster|ein Zimmer|ein leeres Zimmer"),
    Setting.UNDERWATER: words_of("der Meeresgrund|die Tiefsee"),
}
"""Scenes without things."""

_TIMES: dict[Time, Words] = {
    Time.DAWN: words_of("bei Sonnenaufgang|am Morgen|in der Morgendämmerung"),
    Time.DAY: words_of("am Tag|am Mittag|am Nachmittag"),
    Time.DUSK: words_of("am Abend|bei Sonnenuntergang|in der Abenddämmerung"),
    Time.NIGHT: words_of("bei Nacht|in der Nacht|nachts|um Mitternacht"),
}
_WEATHERS: dict[Weather, Words] = {
    Weather.CLEAR: words_of("bei klarem Himmel"),
    Weather.RAIN: words_of("im Regen|bei Regen"),
    Weather.SNOW: words_of("bei Schneefall|während es schneit"),
    Weather.FOG: words_of("im Nebel|bei Nebel"),
}
_STYLES: dict[Style, Words] = {
    Style.FLAT: words_of("flache Illustration"),
    Style.WATERCOLOUR: words_of("Aquarell|als Aquarell"),
    Style.PIXEL: words_of("Pixelkunst|Pixel-Art"),
    Style.LINE: words_of("Strichzeichnung|als Zeichnung"),
    Style.NEON: words_of("Neon|im Neonstil"),
}
_PLACES: dict[Place, Words] = {
    Place.LEFT: words_of("links|auf der linken Seite"),
    Place.CENTRE: words_of("in der Mitte"),
    Place.RIGHT: words_of("rechts|auf der rechten Seite"),
}
_BETWEEN = words_of("und|neben|mit")
_DATIVE: dict[Gender, tuple[str, str]] = {"m": ("einem", "en"), "f": ("einer", "en"), "n": ("einem", "en")}


def describe_in_german(scene: Scene, stated: frozenset[Attribute], random: Random) -> str:
    """Return a short request in German that states these attributes of a scene."""
    if scene.things:
        words = [_named(scene.things[0], scene.count, Attribute.COLOUR in stated, random)]
    else:
        words, stated = [random.choice(_LANDSCAPES[scene.setting])], stated - {Attribute.SETTING}
    if len(scene.things) > 1:
        between = random.choice(_BETWEEN)
        second = scene.things[1]
        coloured = Attribute.SECOND_COLOUR in stated
        words += [between, _named(second, 1, coloured, random) if between == "und" else _beside(second, coloured)]
    parts = [
        random.choice(choices)
        for attribute, choices in (
            (Attribute.PLACE, _PLACES[scene.place]),
            (Attribute.SETTING, _SETTINGS[scene.setting]),
            (Attribute.TIME, _TIMES[scene.time]),
            (Attribute.WEATHER, _WEATHERS[scene.weather]),
        )
        if attribute in stated
    ]
    text = " ".join([*words, *parts])
    return f"{text}, {random.choice(_STYLES[scene.style])}" if Attribute.STYLE in stated else text


def _named(thing: Thing, count: int, coloured: bool, random: Random) -> str:
    noun = NOUNS[thing.subject]
    ending = _ENDINGS[noun.gender] if count == 1 else "e"
    first = _ARTICLES[noun.gender] if count == 1 else random.choice(_NUMBERS[count])
    colour = [_colour(thing.colour, ending)] if coloured else []
    return " ".join([first, *colour, noun.one if count == 1 else noun.many])


def _beside(thing: Thing, coloured: bool) -> str:
    """Return a thing in the dative, as `neben` and `mit` ask for."""
    noun = NOUNS[thing.subject]
    article, ending = _DATIVE[noun.gender]
    one = (
        f"{noun.one}n" if thing.subject in ("rabbit",) else f"{noun.one}en" if thing.subject == "elephant" else noun.one
    )
    return " ".join([article, *([_colour(thing.colour, ending)] if coloured else []), one])


def _colour(colour: Colour, ending: str) -> str:
    return _INVARIABLE.get(colour) or _STEMS[colour] + ending
