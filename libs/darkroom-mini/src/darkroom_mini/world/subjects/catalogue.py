"""The catalogue of subjects: how each is drawn, where it stands, and how it looks unless a caption says otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from darkroom_mini.world.palette import RGB
from darkroom_mini.world.pen import Pen
from darkroom_mini.world.scene import Colour, Setting
from darkroom_mini.world.subjects import animals, buildings, objects, plants, swimmers, vehicles


class Anchor(StrEnum):
    """Where the origin of a subject is placed."""

    GROUND = "ground"
    """Stands; at sea, on an island."""
    AFLOAT = "afloat"
    """Swims at sea, stands elsewhere."""
    WATER = "water"
    """In the water of a scene, or in the middle of the picture where there is none."""
    SKY = "sky"


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of thing."""

    draw: Callable[[Pen, RGB], None]
    anchor: Anchor
    size: float
    """Height of one unit of its drawing, relative to other subjects. What would be cut off is drawn smaller."""
    colours: tuple[Colour, ...]
    """Usual colours; the likelier ones several times."""
    homes: tuple[Setting, ...]
    """Where it is found if a caption does not say."""
    share: int = 1
    """How often it is drawn in relation to others."""
    flips: bool = True
    """Whether it may be mirrored."""


_C, _S, _A = Colour, Setting, Anchor

SUBJECTS: dict[str, Subject] = {
    "cat": Subject(animals.cat, _A.GROUND, 0.92, (_C.ORANGE, _C.BLACK, _C.GRAY, _C.WHITE), (_S.ROOM, _S.MEADOW), 2),
    "dog": Subject(animals.dog, _A.GROUND, 0.88, (_C.BROWN, _C.BROWN, _C.WHITE, _C.BLACK), (_S.MEADOW, _S.BEACH), 2),
    "rabbit": Subject(animals.rabbit, _A.GROUND, 0.88, (_C.WHITE, _C.BROWN, _C.GRAY), (_S.MEADOW, _S.FOREST)),
    "elephant": Subject(animals.elephant, _A.GROUND, 0.98, (_C.GRAY,), (_S.MEADOW, _S.DESERT)),
    "penguin": Subject(animals.penguin, _A.GROUND, 0.9, (_C.BLACK,), (_S.SNOW,)),
    "butterfly": Subject(
        animals.butterfly, _A.SKY, 0.78, (_C.ORANGE, _C.BLUE, _C.YELLOW, _C.PURPLE), (_S.MEADOW, _S.FOREST)
    ),
    "fish": Subject(swimmers.fish, _A.WATER, 0.86, (_C.ORANGE, _C.BLUE, _C.YELLOW, _C.RED), (_S.UNDERWATER, _S.SEA), 2),
    "whale": Subject(swimmers.whale, _A.WATER, 0.86, (_C.BLUE, _C.GRAY), (_S.SEA, _S.UNDERWATER)),
    "bird": Subject(
        swimmers.bird, _A.SKY, 0.82, (_C.BLUE, _C.RED, _C.WHITE, _C.YELLOW), (_S.MEADOW, _S.SEA, _S.FOREST), 2
    ),
    "car": Subject(vehicles.car, _A.GROUND, 0.86, (_C.RED, _C.BLUE, _C.YELLOW, _C.WHITE), (_S.CITY,), 2),
    "bus": Subject(vehicles.bus, _A.GROUND, 0.86, (_C.RED, _C.YELLOW, _C.GREEN), (_S.CITY,)),
    "train": Subject(vehicles.train, _A.GROUND, 0.82, (_C.GREEN, _C.RED, _C.BLACK), (_S.MEADOW, _S.DESERT)),
    "boat": Subject(vehicles.boat, _A.AFLOAT, 0.92, (_C.RED, _C.WHITE, _C.BLUE, _C.BROWN), (_S.SEA,)),
    "airplane": Subject(
        vehicles.airplane, _A.SKY, 0.82, (_C.WHITE, _C.WHITE, _C.RED, _C.BLUE), (_S.CITY, _S.SEA, _S.MEADOW)
    ),
    "rocket": Subject(vehicles.rocket, _A.SKY, 0.8, (_C.RED, _C.RED, _C.BLUE, _C.ORANGE), (_S.SPACE,)),
    "balloon": Subject(
        vehicles.balloon, _A.SKY, 0.8, (_C.RED, _C.ORANGE, _C.YELLOW, _C.PURPLE), (_S.MEADOW, _S.DESERT)
    ),
    "house": Subject(
        buildings.house, _A.GROUND, 0.88, (_C.WHITE, _C.RED, _C.YELLOW, _C.BROWN), (_S.MEADOW, _S.SNOW, _S.FOREST)
    ),
    "lighthouse": Subject(
        buildings.lighthouse, _A.GROUND, 1.15, (_C.RED, _C.RED, _C.WHITE, _C.BLUE), (_S.SEA, _S.BEACH), 2
    ),
    "castle": Subject(buildings.castle, _A.GROUND, 0.94, (_C.GRAY, _C.GRAY, _C.WHITE), (_S.MEADOW, _S.FOREST)),
    "windmill": Subject(buildings.windmill, _A.GROUND, 0.92, (_C.WHITE, _C.BROWN, _C.RED), (_S.MEADOW,), 2),
    "tent": Subject(buildings.tent, _A.GROUND, 0.92, (_C.ORANGE, _C.GREEN, _C.BLUE, _C.RED), (_S.FOREST, _S.MEADOW)),
    "tree": Subject(plants.tree, _A.GROUND, 1.0, (_C.GREEN, _C.GREEN, _C.GREEN, _C.ORANGE), (_S.MEADOW, _S.FOREST)),
    "pine": Subject(plants.pine, _A.GROUND, 0.98, (_C.GREEN,), (_S.SNOW, _S.FOREST)),
    "palm": Subject(plants.palm, _A.GROUND, 1.0, (_C.GREEN,), (_S.BEACH, _S.DESERT)),
    "flower": Subject(plants.flower, _A.GROUND, 0.98, (_C.RED, _C.PINK, _C.YELLOW, _C.PURPLE), (_S.MEADOW, _S.ROOM)),
    "cactus": Subject(plants.cactus, _A.GROUND, 0.92, (_C.GREEN,), (_S.DESERT, _S.ROOM)),
    "mushroom": Subject(plants.mushroom, _A.GROUND, 0.92, (_C.RED, _C.RED, _C.BROWN), (_S.FOREST, _S.MEADOW)),
    "snowman": Subject(objects.snowman, _A.GROUND, 0.9, (_C.BLACK, _C.RED, _C.BLUE), (_S.SNOW,)),
    "robot": Subject(objects.robot, _A.GROUND, 0.88, (_C.GRAY, _C.BLUE, _C.ORANGE), (_S.CITY, _S.SPACE)),
    "umbrella": Subject(
        objects.umbrella, _A.GROUND, 0.88, (_C.RED, _C.YELLOW, _C.BLUE), (_S.BEACH, _S.CITY), flips=False
    ),
    "cup": Subject(objects.cup, _A.GROUND, 0.84, (_C.WHITE, _C.BLUE, _C.RED), (_S.ROOM,)),
    "apple": Subject(objects.apple, _A.GROUND, 0.84, (_C.RED, _C.RED, _C.GREEN, _C.YELLOW), (_S.ROOM, _S.MEADOW)),
    "guitar": Subject(objects.guitar, _A.GROUND, 0.88, (_C.BROWN, _C.ORANGE, _C.RED), (_S.ROOM, _S.BEACH)),
    "lantern": Subject(
        objects.lantern, _A.GROUND, 0.88, (_C.BLACK, _C.RED, _C.GREEN), (_S.ROOM, _S.FOREST), flips=False
    ),
    "mountain": Subject(
        objects.mountain, _A.GROUND, 0.86, (_C.GRAY, _C.GRAY, _C.BLUE, _C.PURPLE), (_S.SNOW, _S.MEADOW, _S.DESERT)
    ),
    "moon": Subject(objects.moon, _A.SKY, 0.74, (_C.WHITE, _C.YELLOW), (_S.SEA, _S.SNOW, _S.SPACE)),
    "sun": Subject(objects.sun, _A.SKY, 0.7, (_C.YELLOW, _C.YELLOW, _C.ORANGE), (_S.SEA, _S.MEADOW, _S.BEACH)),
}
"""All subjects by name."""
