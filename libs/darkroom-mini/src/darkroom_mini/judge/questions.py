"""What the judge is asked about a picture, and scenes in which every answer is equally likely."""

from random import Random

from darkroom_mini.world.scene import WITHOUT_WEATHER, Colour, Place, Scene, Setting, Style, Thing, Time, Weather
from darkroom_mini.world.subjects.catalogue import SUBJECTS

NOTHING = "nothing"

QUESTIONS: dict[str, tuple[str, ...]] = {
    "subject": tuple(SUBJECTS),
    "colour": tuple(Colour),
    "second subject": (NOTHING, *SUBJECTS),
    "second colour": (NOTHING, *Colour),
    "count": ("1", "2", "3"),
    "setting": tuple(Setting),
    "time": tuple(Time),
    "weather": tuple(Weather),
    "style": tuple(Style),
    "place": tuple(Place),
}
"""The answers to each question. `subject` and `colour` are those of the only kind of thing, or of the left one."""


def right_answers(scene: Scene) -> dict[str, str]:
    """Return the answer to each question."""
    second = scene.things[1] if len(scene.things) > 1 else None
    return {
        "subject": scene.things[0].subject,
        "colour": scene.things[0].colour,
        "second subject": second.subject if second else NOTHING,
        "second colour": second.colour if second else NOTHING,
        "count": str(scene.count),
        "setting": scene.setting,
        "time": scene.time,
        "weather": scene.weather,
        "style": scene.style,
        "place": scene.place,
    }


def even_scene(random: Random) -> Scene:
    """Return a scene in which all attributes are independent, so that only pixels show them."""
    things = tuple(Thing(name, random.choice(tuple(Colour))) for name in random.sample(tuple(SUBJECTS), 2))
    if random.random() < 0.6:
        things = things[:1]
    count = random.choices((1, 2, 3), (50, 25, 25))[0] if len(things) == 1 else 1
    setting, style = random.choice(tuple(Setting)), random.choice(tuple(Style))
    return Scene(
        things=things,
        count=count,
        setting=setting,
        time=Time.NIGHT if style is Style.NEON else random.choice(tuple(Time)),
        weather=Weather.CLEAR if setting in WITHOUT_WEATHER else random.choice(tuple(Weather)),
        style=style,
        place=random.choice(tuple(Place)) if count * len(things) == 1 else Place.CENTRE,
    )
