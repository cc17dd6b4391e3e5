"""The words for everything that a scene may contain. The first one of each list is the plain word.

A word in the list several times is used so much oftener.
"""

from collections.abc import Iterable
from functools import cache

from darkroom_mini.world.scene import Colour, Place, Setting, Style, Time, Weather

Words = tuple[str, ...]


def words_of(text: str) -> Words:
    """Return the phrases between vertical bars."""
    return tuple(word.strip() for word in text.split("|"))


ONE: dict[str, Words] = {
    "cat": words_of("cat|cat|kitten|kitty|tomcat"),
    "dog": words_of("dog|dog|puppy|hound|doggy"),
    "rabbit": words_of("rabbit|rabbit|bunny|hare"),
    "elephant": words_of("elephant|elephant|baby elephant"),
    "penguin": words_of("penguin|penguin|emperor penguin"),
    "butterfly": words_of("butterfly|butterfly|moth"),
    "fish": words_of("fish|fish|goldfish|tropical fish"),
    "whale": words_of("whale|whale|humpback whale"),
    "bird": words_of("bird|bird|songbird|sparrow|seagull"),
    "car": words_of("car|car|automobile|sedan|taxi"),
    "bus": words_of("bus|bus|coach|school bus"),
    "train": words_of("train|train|locomotive|steam train|steam engine"),
    "boat": words_of("boat|boat|sailboat|ship|sailing boat|yacht|sailing ship"),
    "airplane": words_of("airplane|airplane|plane|aeroplane|jet|airliner"),
    "rocket": words_of("rocket|rocket|spaceship|space rocket|rocket ship|spacecraft"),
    "balloon": words_of("hot air balloon|hot air balloon|balloon|hot-air balloon"),
    "house": words_of("house|house|cottage|cabin|home|hut"),
    "lighthouse": words_of("lighthouse|lighthouse|light tower"),
    "castle": words_of("castle|castle|fortress|palace"),
    "windmill": words_of("windmill|windmill|mill|old windmill"),
    "tent": words_of("tent|tent|camping tent"),
    "tree": words_of("tree|tree|oak|oak tree|maple tree"),
    "pine": words_of("pine|pine tree|fir|fir tree|christmas tree|spruce"),
    "palm": words_of("palm tree|palm tree|palm|coconut palm"),
    "flower": words_of("flower|flower|daisy|blossom|tulip"),
    "cactus": words_of("cactus|cactus|saguaro"),
    "mushroom": words_of("mushroom|mushroom|toadstool"),
    "snowman": words_of("snowman|snowman"),
    "robot": words_of("robot|robot|android|toy robot"),
    "umbrella": words_of("umbrella|umbrella|parasol"),
    "cup": words_of("cup|cup of coffee|mug|cup of tea|coffee cup|teacup"),
    "apple": words_of("apple|apple|ripe apple"),
    "guitar": words_of("guitar|guitar|acoustic guitar"),
    "lantern": words_of("lantern|lantern|lamp|oil lamp"),
    "mountain": words_of("mountain|mountain|peak|mountain peak"),
    "moon": words_of("moon|moon|full moon|big moon"),
    "sun": words_of("sun|sun|bright sun|big sun"),
}
"""Each subject of the catalogue in the singular."""

MANY: dict[str, Words] = {
    "cat": words_of("cats|cats|kittens"),
    "dog": words_of("dogs|dogs|puppies|hounds"),
    "rabbit": words_of("rabbits|rabbits|bunnies|hares"),
    "elephant": words_of("elephants"),
    "penguin": words_of("penguins"),
    "butterfly": words_of("butterflies|butterflies|moths"),
    "fish": words_of("fish|fish|fishes|goldfish"),
    "whale": words_of("whales"),
    "bird": words_of("birds|birds|songbirds|seagulls"),
    "car": words_of("cars|cars|automobiles"),
    "bus": words_of("buses|buses|coaches"),
    "train": words_of("trains|trains|locomotives"),
    "boat": words_of("boats|boats|ships|sailboats|yachts"),
    "airplane": words_of("airplanes|airplanes|planes|jets"),
    "rocket": words_of("rockets|rockets|spaceships"),
    "balloon": words_of("hot air balloons|hot air balloons|balloons"),
    "house": words_of("houses|houses|cottages|cabins|huts"),
    "lighthouse": words_of("lighthouses"),
    "castle": words_of("castles|castles|fortresses"),
    "windmill": words_of("windmills|windmills|mills"),
    "tent": words_of("tents"),
    "tree": words_of("trees|trees|oaks"),
    "pine": words_of("pines|pine trees|fir trees|firs"),
    "palm": words_of("palm trees|palm trees|palms"),
    "flower": words_of("flowers|flowers|daisies|blossoms|tulips"),
    "cactus": words_of("cacti|cacti|cactuses"),
    "mushroom": words_of("mushrooms|mushrooms|toadstools"),
    "snowman": words_of("snowmen"),
    "robot": words_of("robots|robots|androids"),
    "umbrella": words_of("umbrellas|umbrellas|parasols"),
    "cup": words_of("cups|cups|mugs|cups of coffee"),
    "apple": words_of("apples"),
    "guitar": words_of("guitars"),
    "lantern": words_of("lanterns|lanterns|lamps"),
    "mountain": words_of("mountains|mountains|peaks"),
    "moon": words_of("moons"),
    "sun": words_of("suns"),
}
"""Each subject in the plural."""

UNIQUE = frozenset({"moon", "sun"})
"""Subjects that a caption calls `the`."""

COLOURS: dict[Colour, Words] = {
    Colour.RED: words_of("red|red|red|crimson|scarlet"),
    Colour.ORANGE: words_of("orange|orange|orange|tangerine"),
    Colour.YELLOW: words_of("yellow|yellow|yellow|golden"),
    Colour.GREEN: words_of("green|green|green|emerald"),
    Colour.BLUE: words_of("blue|blue|blue|azure"),
    Colour.PURPLE: words_of("purple|purple|purple|violet"),
    Colour.PINK: words_of("pink|pink|pink|rose pink"),
    Colour.WHITE: words_of("white|white|white|snow white"),
    Colour.BLACK: words_of("black|black|black|jet black"),
    Colour.BROWN: words_of("brown|brown|brown|chestnut"),
    Colour.GRAY: words_of("gray|gray|grey|grey|silver"),
}

SETTINGS: dict[Setting, Words] = {
    Setting.SEA: words_of(
        "on the sea|at sea|on the ocean|in the sea|over the ocean|by the sea|in the water|on calm water|on the open sea"
        "|above the waves|over the sea|on a stormy sea"
    ),
    Setting.BEACH: words_of(
        "on the beach|on a sandy beach|at the beach|on the shore|by the shore|on the coast|at the seaside"
        "|above the beach"
    ),
    Setting.MEADOW: words_of(
        "in a meadow|in a field|on the grass|in a green field|on a grassy hill|in the countryside|in a green meadow"
        "|on a hill|in the grass|in a garden|in a park|over a meadow|in the meadow"
    ),
    Setting.FOREST: words_of(
        "in the forest|in a forest|in the woods|among the trees|in a clearing|in a dark forest|in a pine forest"
        "|at the edge of the forest|in the wood"
    ),
    Setting.DESERT: words_of(
        "in the desert|in a sandy desert|among the dunes|on sand dunes|in the sahara|in a hot desert|over the desert"
    ),
    Setting.SNOW: words_of(
        "in the snow|in a snowy field|in a snowy landscape|in winter|on a snowy hill|on snow|in a winter landscape"
        "|in a snow-covered field|in a snowy meadow|over a snowy field"
    ),
    Setting.CITY: words_of(
        "in the city|in a city|on a city street|downtown|in front of skyscrapers|in town|on the street"
        "|in an urban street|over the city|on a street in the city"
    ),
    Setting.SPACE: words_of(
        "in space|in outer space|on another planet|among the stars in space|in the cosmos|in deep space"
        "|on an alien planet"
    ),
    Setting.ROOM: words_of(
        "on a windowsill|by the window|in a room|on the windowsill|in front of a window|indoors|inside a house"
        "|on a window ledge|at the window|in the living room"
    ),
    Setting.UNDERWATER: words_of(
        "underwater|under water|under the sea|at the bottom of the sea|below the waves|in the deep sea|on the seabed"
        "|deep in the ocean"
    ),
}

LANDSCAPES: dict[Setting, Words] = {
    Setting.SEA: words_of("the sea|the ocean|waves|rolling waves|a calm sea|a stormy sea|the open sea|the big ocean"),
    Setting.BEACH: words_of("a beach|the beach|a sandy beach|waves rolling onto a beach|a quiet shore|the coast"),
    Setting.MEADOW: words_of("a meadow|green hills|a green field|a grassy hill|a flower meadow|the countryside|a park"),
    Setting.FOREST: words_of("a forest|the woods|a dark forest|a pine forest|a clearing|the forest"),
    Setting.DESERT: words_of("a desert|the desert|sand dunes|dunes|the sahara|a sandy desert"),
    Setting.SNOW: words_of("a snowy landscape|a winter landscape|a snowy field|snowy hills|a snow-covered field"),
    Setting.CITY: words_of("a city|the city|a city street|skyscrapers|the skyline|an urban street"),
    Setting.SPACE: words_of("outer space|an alien planet|the galaxy|deep space|another planet|the cosmos"),
    Setting.ROOM: words_of("a window|an empty room|a windowsill|the living room|a room with a window"),
    Setting.UNDERWATER: words_of("the seabed|the deep sea|an underwater scene|the bottom of the sea"),
}
"""Scenes without things."""

TIMES: dict[Time, Words] = {
    Time.DAWN: words_of(
        "at dawn|at sunrise|early in the morning|in the early morning|at daybreak|in the morning|at first light"
    ),
    Time.DAY: words_of(
        "during the day|at noon|in daylight|on a bright day|by day|in the afternoon|at midday|in broad daylight"
    ),
    Time.DUSK: words_of(
        "at dusk|at sunset|in the evening|during golden hour|under an orange sky|at sundown|at twilight"
    ),
    Time.NIGHT: words_of(
        "at night|under the stars|at midnight|in the dark|under a starry sky|in the night|by moonlight|late at night"
    ),
}

WEATHERS: dict[Weather, Words] = {
    Weather.CLEAR: words_of("in clear weather|under a clear sky"),
    Weather.RAIN: words_of(
        "in the rain|in heavy rain|while it rains|in rainy weather|during a rain shower|in pouring rain"
    ),
    Weather.SNOW: words_of("in falling snow|while it snows|during a snowfall|in a snowstorm|with snowflakes falling"),
    Weather.FOG: words_of("in the fog|in thick fog|in the mist|in foggy weather|in a thick mist"),
}

STYLES: dict[Style, Words] = {
    Style.FLAT: words_of("flat illustration|vector art|flat design|cartoon"),
    Style.WATERCOLOUR: words_of("watercolor|watercolor painting|watercolour|watercolour painting|aquarelle"),
    Style.PIXEL: words_of("pixel art|8-bit pixel art|retro game graphics|8-bit art|pixelated"),
    Style.LINE: words_of("line drawing|ink drawing|line art|pen drawing|ink sketch"),
    Style.NEON: words_of("neon|neon art|neon lights|neon sign|glowing neon"),
}

PLACES: dict[Place, Words] = {
    Place.LEFT: words_of("on the left|to the left|on the left side|at left"),
    Place.CENTRE: words_of("in the center|in the middle|centered|in the centre"),
    Place.RIGHT: words_of("on the right|to the right|on the right side|at right"),
}

COUNTS: dict[int, Words] = {
    2: words_of("two|two|two|2|a pair of|a couple of"),
    3: words_of("three|three|three|3|a group of three"),
}

SETTING_TAGS: dict[Setting, Words] = {
    Setting.SEA: words_of("sea|ocean|seascape|open water"),
    Setting.BEACH: words_of("beach|sand and sea|seashore"),
    Setting.MEADOW: words_of("meadow|field|grass|countryside"),
    Setting.FOREST: words_of("forest|woods|woodland"),
    Setting.DESERT: words_of("desert|dunes|sand dunes"),
    Setting.SNOW: words_of("snow|winter|snowy landscape|snowy field"),
    Setting.CITY: words_of("city|street|cityscape|skyline"),
    Setting.SPACE: words_of("space|outer space|galaxy"),
    Setting.ROOM: words_of("windowsill|window|room|interior"),
    Setting.UNDERWATER: words_of("underwater|seabed|deep sea"),
}

TIME_TAGS: dict[Time, Words] = {
    Time.DAWN: words_of("dawn|sunrise|morning|early morning"),
    Time.DAY: words_of("day|daylight|daytime|blue sky|noon"),
    Time.DUSK: words_of("dusk|sunset|evening|golden hour|twilight"),
    Time.NIGHT: words_of("night|starry night|midnight|dark night|night sky"),
}

WEATHER_TAGS: dict[Weather, Words] = {
    Weather.CLEAR: words_of("clear weather"),
    Weather.RAIN: words_of("rain|rainy|heavy rain"),
    Weather.SNOW: words_of("snowfall|snowing|falling snow"),
    Weather.FOG: words_of("fog|foggy|mist|misty"),
}


@cache
def known_words() -> frozenset[str]:
    """Return every word that says something about a scene."""
    tables: Iterable[Iterable[Words]] = (
        ONE.values(), MANY.values(), COLOURS.values(), SETTINGS.values(), LANDSCAPES.values(), TIMES.values(),
        WEATHERS.values(), STYLES.values(), PLACES.values(), COUNTS.values(), SETTING_TAGS.values(), TIME_TAGS.values(),
        WEATHER_TAGS.values(),
    )  # fmt: skip
    return frozenset(word for table in tables for phrases in table for phrase in phrases for word in phrase.split())
