"""Peaks that a device measured, which refine the book's footprints."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gpu_worker.domain.memory.footprint import Footprint, Point, Shape, StageName

MAX_POINTS = 256
"""Points kept in all; the ones measured longest ago are forgotten first."""

PeakKey = tuple[str, StageName, Shape]
"""Architecture, stage and shape."""


class Peaks:
    """The work that stages were measured to need on one device, with the largest value of each shape."""

    def __init__(self, points: Iterable[tuple[PeakKey, int]] = ()) -> None:
        self._points: dict[PeakKey, int] = {}
        for (architecture, stage, shape), work in points:
            self._keep((architecture, stage, shape), work)

    def add(self, key: PeakKey, peak_bytes: int, weights_bytes: int) -> bool:
        """Record the peak of a stage during which `weights_bytes` of weights were on the device.

        Returns whether anything changed. A peak below the weights is a mistake of the measurement and is not recorded.
        """
        work = peak_bytes - weights_bytes
        return work >= 0 and self._keep(key, work)

    def points(self) -> Mapping[PeakKey, int]:
        """Return the work in bytes by architecture, stage and shape, oldest first."""
        return dict(self._points)

    def _keep(self, key: PeakKey, work: int) -> bool:
        known = self._points.pop(key, None)
        self._points[key] = max(work, known or 0)
        while len(self._points) > MAX_POINTS:
            del self._points[next(iter(self._points))]
        return known is None or work > known


def refined(footprint: Footprint, peaks: Peaks, architecture: str) -> Footprint:
    """Return the footprint with the points that were measured for its architecture. Weights stay those of the book."""
    measured: dict[StageName, list[Point]] = {}
    for (of, stage, shape), work in peaks.points().items():
        if of == architecture:
            measured.setdefault(stage, []).append(Point(shape, work))
    if not measured:
        return footprint
    return replace(
        footprint,
        stages={
            name: replace(stage, measured=tuple(measured.get(name, ()))) for name, stage in footprint.stages.items()
        },
    )
