"""Animals on land."""

from darkroom_mini.world.palette import INK, LAMP, PINK, RGB, WHITE, contrast, lighter, shade
from darkroom_mini.world.pen import Pen

_ORANGE: RGB = (245, 150, 40)


def cat(pen: Pen, colour: RGB) -> None:
    """Draw a sitting cat from the front: pointed ears, whiskers, a tail that curls upwards."""
    dark, pale = shade(colour, 0.28), lighter(colour, 0.45)
    pen.curve([(0.2, -0.07), (0.46, -0.08), (0.56, -0.28), (0.46, -0.46), (0.54, -0.62)], 0.1, dark)
    pen.blob(
        [(-0.14, -0.58), (0.14, -0.58), (0.27, -0.26), (0.28, -0.04), (0, 0), (-0.28, -0.04), (-0.27, -0.26)], colour
    )
    pen.oval(0, -0.32, 0.12, 0.19, pale)
    for side in (-1, 1):
        pen.oval(side * 0.11, -0.04, 0.1, 0.055, dark)
        pen.poly([(side * 0.29, -0.66), (side * 0.29, -1.08), (side * 0.03, -0.86)], colour)
        pen.poly([(side * 0.245, -0.78), (side * 0.25, -0.99), (side * 0.11, -0.87)], PINK)
    pen.oval(0, -0.7, 0.3, 0.23, colour)
    pen.oval(0, -0.61, 0.14, 0.1, pale)
    for side in (-1, 1):
        pen.oval(side * 0.13, -0.74, 0.065, 0.075, (190, 232, 96))
        pen.oval(side * 0.13, -0.74, 0.024, 0.07, INK)
        for rise in (-0.05, 0.02):
            pen.line([(side * 0.1, -0.62), (side * 0.42, -0.62 + rise)], 0.014, contrast(colour, WHITE, (90, 90, 96)))
    pen.poly([(-0.04, -0.66), (0.04, -0.66), (0, -0.61)], (224, 110, 124))


def dog(pen: Pen, colour: RGB) -> None:
    """Draw a standing dog from the side: long muzzle, hanging ear, tail up."""
    dark, pale = shade(colour, 0.35), lighter(colour, 0.35)
    pen.curve([(-0.38, -0.5), (-0.53, -0.62), (-0.55, -0.8)], 0.09, colour)
    for x in (-0.2, 0.2):
        pen.box(x - 0.06, -0.36, x + 0.06, 0, dark)
    for x in (-0.34, 0.32):
        pen.box(x - 0.065, -0.4, x + 0.065, 0, colour)
        pen.oval(x + 0.03, -0.03, 0.09, 0.04, colour)
    pen.blob(
        [
            (-0.43, -0.52),
            (-0.1, -0.57),
            (0.28, -0.64),
            (0.43, -0.5),
            (0.4, -0.32),
            (0.1, -0.27),
            (-0.2, -0.3),
            (-0.42, -0.33),
        ],
        colour,
    )
    pen.poly([(0.16, -0.58), (0.44, -0.42), (0.56, -0.72), (0.3, -0.86)], colour)
    pen.line([(0.24, -0.68), (0.48, -0.54)], 0.075, contrast(colour, (214, 44, 44), (46, 94, 218)))
    pen.oval(0.45, -0.83, 0.21, 0.18, colour)
    pen.poly([(0.58, -0.66), (0.68, -0.66), (0.66, -0.52), (0.6, -0.52)], (236, 110, 130))
    pen.oval(0.65, -0.76, 0.19, 0.105, pale)
    pen.oval(0.82, -0.8, 0.055, 0.05, INK)
    pen.eye(0.52, -0.88, 0.042)
    pen.blob([(0.31, -0.97), (0.4, -0.92), (0.39, -0.7), (0.29, -0.56), (0.21, -0.68)], dark)


def rabbit(pen: Pen, colour: RGB) -> None:
    """Draw a sitting rabbit from the front, with two long ears."""
    dark, pale = shade(colour, 0.22), lighter(colour, 0.5)
    for side in (-1, 1):
        pen.oval(side * 0.13, -0.86, 0.085, 0.27, colour, turn=side * 9)
        pen.oval(side * 0.13, -0.85, 0.042, 0.2, PINK, turn=side * 9)
        pen.oval(side * 0.22, -0.06, 0.17, 0.075, dark)
    pen.oval(0, -0.24, 0.28, 0.24, colour)
    pen.oval(0, -0.2, 0.16, 0.16, pale)
    pen.oval(0, -0.53, 0.235, 0.19, colour)
    for side in (-1, 1):
        pen.eye(side * 0.1, -0.57, 0.036)
        pen.oval(side * 0.05, -0.46, 0.07, 0.055, pale)
    pen.poly([(-0.035, -0.51), (0.035, -0.51), (0, -0.47)], (224, 110, 124))
    pen.box(-0.03, -0.43, 0.03, -0.36, (252, 252, 250))


def elephant(pen: Pen, colour: RGB) -> None:
    """Draw an elephant from the side: trunk, tusk and a large ear."""
    dark = shade(colour, 0.22)
    pen.curve([(-0.5, -0.6), (-0.6, -0.45), (-0.58, -0.3)], 0.04, dark)
    for x in (-0.24, 0.12):
        pen.box(x - 0.085, -0.4, x + 0.085, 0, dark)
    for x in (-0.38, 0.26):
        pen.box(x - 0.09, -0.45, x + 0.09, 0, colour)
    pen.blob(
        [(-0.52, -0.6), (-0.3, -0.84), (0.1, -0.86), (0.36, -0.7), (0.36, -0.38), (0, -0.28), (-0.4, -0.32)], colour
    )
    pen.curve([(0.56, -0.66), (0.74, -0.5), (0.73, -0.24), (0.8, -0.08)], 0.12, colour)
    pen.oval(0.44, -0.72, 0.25, 0.24, colour)
    pen.poly([(0.52, -0.54), (0.62, -0.52), (0.74, -0.36), (0.58, -0.44)], (252, 250, 236))
    pen.blob([(0.2, -0.95), (0.4, -0.88), (0.42, -0.62), (0.26, -0.44), (0.12, -0.6), (0.1, -0.82)], dark)
    pen.eye(0.53, -0.78, 0.034)


def penguin(pen: Pen, colour: RGB) -> None:
    """Draw a penguin from the front: white belly, orange beak and feet."""
    dark, belly = shade(colour, 0.2), contrast(colour, (250, 250, 248), (214, 224, 236))
    for side in (-1, 1):
        pen.oval(side * 0.13, -0.03, 0.13, 0.05, _ORANGE)
        pen.blob([(side * 0.22, -0.68), (side * 0.36, -0.46), (side * 0.42, -0.24), (side * 0.27, -0.32)], dark)
    pen.blob(
        [
            (0, -1),
            (0.19, -0.92),
            (0.24, -0.74),
            (0.3, -0.4),
            (0.24, -0.08),
            (0, -0.02),
            (-0.24, -0.08),
            (-0.3, -0.4),
            (-0.24, -0.74),
            (-0.19, -0.92),
        ],
        colour,
    )
    pen.oval(0, -0.34, 0.2, 0.29, belly)
    for side in (-1, 1):
        pen.oval(side * 0.085, -0.79, 0.09, 0.1, belly)
        pen.eye(side * 0.08, -0.8, 0.034)
    pen.poly([(-0.075, -0.74), (0.075, -0.74), (0, -0.62)], _ORANGE)


def butterfly(pen: Pen, colour: RGB) -> None:
    """Draw a butterfly with open wings."""
    dark, spot = shade(colour, 0.3), contrast(colour, LAMP, (255, 255, 255))
    for side in (-1, 1):
        pen.blob(
            [(side * 0.04, 0), (side * 0.3, 0.02), (side * 0.42, 0.2), (side * 0.3, 0.42), (side * 0.12, 0.34)], dark
        )
        pen.blob(
            [
                (side * 0.03, 0.02),
                (side * 0.16, -0.34),
                (side * 0.46, -0.46),
                (side * 0.58, -0.24),
                (side * 0.42, 0.02),
            ],
            colour,
        )
        pen.oval(side * 0.38, -0.24, 0.1, 0.1, spot)
        pen.oval(side * 0.26, 0.2, 0.075, 0.075, spot)
        pen.curve([(side * 0.02, -0.26), (side * 0.07, -0.42), (side * 0.16, -0.5)], 0.025, INK)
    pen.oval(0, 0.02, 0.055, 0.3, contrast(colour, (46, 36, 34), (110, 78, 52)))
    pen.oval(0, -0.27, 0.065, 0.065, contrast(colour, (46, 36, 34), (110, 78, 52)))
