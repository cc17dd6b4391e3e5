"""The footprint of a model: bytes of each component's weights, and of each stage's work at measured shapes.

Work is what a stage allocates beside weights: activations, latents and results. All sizes are bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Component(StrEnum):
    """A part of a model whose weights move between memories as one; named as in diffusers' pipelines."""

    TEXT_ENCODER = "text_encoder"
    TEXT_ENCODER_2 = "text_encoder_2"
    UNET = "unet"
    TRANSFORMER = "transformer"
    VAE = "vae"
    LANGUAGE_MODEL = "model"


TEXT_ENCODERS = (Component.TEXT_ENCODER, Component.TEXT_ENCODER_2)
DENOISERS = (Component.UNET, Component.TRANSFORMER)


class StageName(StrEnum):
    """A stage with a peak of its own. The four that decode are alternatives of each other, as those that encode images.

    `ENCODE` is that of the text.
    """

    ENCODE = "encode"
    ENCODE_IMAGE = "encode_image"
    ENCODE_IMAGE_TILED = "encode_image_tiled"
    ENCODE_IMAGE_FP32 = "encode_image_fp32"
    ENCODE_IMAGE_FP32_TILED = "encode_image_fp32_tiled"
    DENOISE = "denoise"
    DECODE = "decode"
    DECODE_TILED = "decode_tiled"
    DECODE_FP32 = "decode_fp32"
    DECODE_FP32_TILED = "decode_fp32_tiled"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a stage computes at once. `size` counts the pixels of a frame, or the tokens of a text."""

    size: int
    frames: int = 1
    batch: int = 1

    def covers(self, other: "Shape") -> bool:
        """Return whether this shape is at least as large as the other in every dimension."""
        return self.size >= other.size and self.frames >= other.frames and self.batch >= other.batch

    def growth_over(self, other: "Shape") -> float:
        """Return the factor by which this shape exceeds the other; dimensions in which it is smaller count 1."""
        return (
            max(1.0, self.size / other.size) * max(1.0, self.frames / other.frames) * max(1.0, self.batch / other.batch)
        )


@dataclass(frozen=True, slots=True)
class Point:
    """The work of a stage at one shape."""

    shape: Shape
    work_bytes: int


@dataclass(frozen=True, slots=True)
class StageFootprint:
    """The work of one stage at some shapes, without the workspaces of libraries.

    `workspace_bytes` is that of libraries at a frame of `workspace_size` pixels; it grows with the frame, unless the
    size is 0: tiles have one size. `measured` holds peaks that a card reported, workspaces included.
    """

    points: tuple[Point, ...]
    workspace_bytes: int = 0
    workspace_size: int = 0
    measured: tuple[Point, ...] = ()

    def work_bytes(self, shape: Shape) -> int:
        """Return an upper bound of the work at a shape, workspaces included. It never decreases when the shape grows.

        It is at most what was measured at a shape that covers this one, and at least what was measured at any shape
        that this one covers.
        """
        growth = shape.size / self.workspace_size if self.workspace_size else 1.0
        book = interpolate(self.points, shape) + round(self.workspace_bytes * growth)
        above = (point.work_bytes for point in self.measured if point.shape.covers(shape))
        below = (point.work_bytes for point in self.measured if shape.covers(point.shape))
        return max([min([book, *above]), *below])

    def times(self, factor: int) -> "StageFootprint":
        """Return the stage with all work multiplied, for a number format of so many times the bytes."""
        points = tuple(replace(point, work_bytes=point.work_bytes * factor) for point in self.points)
        return replace(self, points=points, workspace_bytes=self.workspace_bytes * factor)


def interpolate(points: Sequence[Point], shape: Shape) -> int:
    """Return the work at a shape between, below or beyond measured points; raises ValueError without points.

    Work grows at most in proportion to each dimension, so each point gives an upper bound: its own work, scaled by the
    dimensions in which the shape exceeds it. The result is the least of these bounds, and at least the work of every
    point that the shape covers. It never decreases when the shape grows.
    """
    if not points:
        raise ValueError("a stage without measured points")
    bound = min(round(point.work_bytes * shape.growth_over(point.shape)) for point in points)
    return max([bound, *(point.work_bytes for point in points if shape.covers(point.shape))])


@dataclass(frozen=True, slots=True)
class Footprint:
    """The weights of a model's components, and the work of its stages."""

    weights: Mapping[Component, int]
    stages: Mapping[StageName, StageFootprint] = field(default_factory=dict)

    @property
    def weights_bytes(self) -> int:
        """Return the weights of all components."""
        return sum(self.weights.values())
