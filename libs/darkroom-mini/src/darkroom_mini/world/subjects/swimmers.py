"""Animals of the sea and of the air."""

from darkroom_mini.world.palette import INK, RGB, contrast, lighter, shade
from darkroom_mini.world.pen import Pen


def fish(pen: Pen, colour: RGB) -> None:
    """Draw a fish from the side: forked tail, fins, stripes, a large eye."""
    dark, pale = shade(colour, 0.25), lighter(colour, 0.45)
    pen.blob([(-0.1, -0.2), (0.02, -0.42), (0.2, -0.4), (0.26, -0.16)], dark)
    pen.blob([(-0.06, 0.18), (-0.04, 0.38), (0.12, 0.34), (0.16, 0.16)], dark)
    pen.poly([(-0.34, 0), (-0.66, -0.32), (-0.56, 0), (-0.66, 0.32)], dark)
    pen.blob(
        [
            (-0.44, 0),
            (-0.2, -0.21),
            (0.14, -0.28),
            (0.42, -0.14),
            (0.52, 0.02),
            (0.42, 0.16),
            (0.14, 0.27),
            (-0.2, 0.2),
        ],
        colour,
    )
    pen.blob([(-0.06, -0.25), (0.03, -0.26), (0.08, 0), (0.03, 0.26), (-0.06, 0.25), (-0.02, 0)], pale)
    pen.blob([(-0.24, -0.18), (-0.17, -0.2), (-0.13, 0), (-0.17, 0.2), (-0.24, 0.18), (-0.2, 0)], pale)
    pen.oval(0.32, -0.07, 0.085, 0.085, (252, 252, 250))
    pen.oval(0.34, -0.07, 0.045, 0.045, INK)
    pen.curve([(0.52, 0.05), (0.45, 0.1), (0.38, 0.1)], 0.025, dark)
    pen.blob([(0.16, 0.03), (0.06, 0.0), (-0.02, 0.1), (0.1, 0.13)], dark)


def whale(pen: Pen, colour: RGB) -> None:
    """Draw a whale from the side: raised tail, pale belly, a fountain above its head."""
    dark, pale = shade(colour, 0.2), lighter(colour, 0.6)
    for end in (0.12, 0.5):
        pen.curve([(0.3, -0.5), (0.3, -0.72), ((0.3 + end) / 2, -0.86), (end, -0.76)], 0.05, (190, 226, 246))
    pen.blob(
        [(-0.62, -0.42), (-0.84, -0.72), (-0.66, -0.7), (-0.58, -0.56), (-0.46, -0.72), (-0.3, -0.7), (-0.46, -0.46)],
        dark,
    )
    pen.blob(
        [
            (-0.64, -0.44),
            (-0.42, -0.42),
            (-0.16, -0.46),
            (0.24, -0.56),
            (0.58, -0.42),
            (0.66, -0.2),
            (0.5, -0.02),
            (0, 0.02),
            (-0.4, -0.12),
        ],
        colour,
    )
    pen.blob([(0.66, -0.17), (0.5, -0.02), (0.06, 0.02), (-0.26, -0.07), (0.1, -0.14), (0.4, -0.15)], pale)
    pen.blob([(0.02, -0.14), (0.14, -0.14), (0.02, 0.1), (-0.12, 0.14)], dark)
    pen.eye(0.48, -0.27, 0.045)


def bird(pen: Pen, colour: RGB) -> None:
    """Draw a flying bird from the side, with both wings raised."""
    dark, pale = shade(colour, 0.3), lighter(colour, 0.4)
    pen.blob([(0.16, -0.06), (0.3, -0.36), (0.26, -0.62), (0.08, -0.4), (-0.02, -0.06)], dark)
    pen.poly([(-0.22, -0.02), (-0.62, -0.16), (-0.54, 0.02), (-0.6, 0.16), (-0.2, 0.12)], dark)
    pen.blob(
        [(-0.32, 0.02), (-0.06, -0.16), (0.22, -0.18), (0.36, -0.06), (0.28, 0.12), (0.02, 0.22), (-0.2, 0.14)], colour
    )
    pen.blob([(0.26, 0.08), (0.04, 0.2), (-0.14, 0.13), (0.06, 0.08)], pale)
    pen.oval(0.34, -0.13, 0.155, 0.145, colour)
    pen.poly([(0.46, -0.2), (0.68, -0.11), (0.46, -0.04)], contrast(colour, (248, 164, 36), (220, 60, 40)))
    pen.eye(0.39, -0.16, 0.04)
    pen.blob(
        [(0.18, 0.02), (0.1, -0.3), (-0.14, -0.66), (-0.36, -0.62), (-0.34, -0.3), (-0.14, 0.04)], shade(colour, 0.16)
    )
    pen.blob([(0.06, -0.02), (0.0, -0.26), (-0.16, -0.5), (-0.24, -0.3), (-0.1, 0)], pale)
