"""Colours as RGB from 0 to 255, and how they mix."""

from darkroom_mini.world.scene import Colour

RGB = tuple[int, int, int]

PAINT: dict[Colour, RGB] = {
    Colour.RED: (218, 44, 44),
    Colour.ORANGE: (242, 134, 34),
    Colour.YELLOW: (247, 212, 52),
    Colour.GREEN: (58, 160, 74),
    Colour.BLUE: (46, 94, 218),
    Colour.PURPLE: (136, 68, 182),
    Colour.PINK: (246, 138, 180),
    Colour.WHITE: (246, 246, 243),
    Colour.BLACK: (36, 36, 42),
    Colour.BROWN: (130, 84, 48),
    Colour.GRAY: (142, 146, 152),
}
WHITE: RGB = (246, 246, 243)
INK: RGB = (22, 22, 26)
WOOD: RGB = (122, 80, 48)
LEAF: RGB = (60, 150, 70)
LAMP: RGB = (255, 226, 122)
GLASS: RGB = (160, 204, 234)
PINK: RGB = (240, 140, 160)
METAL: RGB = (186, 190, 198)


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """Return a colour between two; `share` is that of the other one, from 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def darker(colour: RGB, share: float = 0.25) -> RGB:
    """Return a colour mixed with black."""
    return mix(colour, (0, 0, 0), share)


def lighter(colour: RGB, share: float = 0.35) -> RGB:
    """Return a colour mixed with white."""
    return mix(colour, (255, 255, 255), share)


def tinted(colour: RGB, tint: tuple[float, float, float]) -> RGB:
    """Return a colour under coloured light."""
    red, green, blue = (min(255, round(c * t)) for c, t in zip(colour, tint, strict=True))
    return red, green, blue


def brightness(colour: RGB) -> float:
    """Return how bright a colour looks, from 0 to 255."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def shade(colour: RGB, share: float = 0.25) -> RGB:
    """Return a tone that stands out from a colour: darker, or lighter than a dark one."""
    return darker(colour, share) if brightness(colour) > 60 else lighter(colour, share)


def contrast(colour: RGB, first: RGB, second: RGB) -> RGB:
    """Return the first of two colours, unless it hardly differs from `colour`."""
    distance = sum(abs(a - b) for a, b in zip(colour, first, strict=True))
    return first if distance > 120 else second
