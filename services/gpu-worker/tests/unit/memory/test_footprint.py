"""Interpolated work is never below a measured point, and never falls when a shape grows."""

import pytest
from gpu_worker.domain.memory.footprint import Point, Shape, StageFootprint, interpolate
from hypothesis import given
from hypothesis import strategies as st

SHAPES = st.builds(Shape, st.integers(1, 4_000_000), st.integers(1, 257), st.integers(1, 64))
POINTS = st.lists(st.builds(Point, SHAPES, st.integers(1, 10**10)), min_size=1, max_size=12)


@given(POINTS, SHAPES)
def test_no_shape_needs_less_than_a_point_that_it_covers(points: list[Point], shape: Shape) -> None:
    covered = [point.work_bytes for point in points if shape.covers(point.shape)]
    assert interpolate(points, shape) >= max(covered, default=0)


@given(POINTS, SHAPES, st.integers(0, 10**6), st.integers(0, 100), st.integers(0, 64))
def test_a_larger_shape_never_needs_less(points: list[Point], shape: Shape, size: int, frames: int, batch: int) -> None:
    larger = Shape(shape.size + size, shape.frames + frames, shape.batch + batch)
    assert interpolate(points, larger) >= interpolate(points, shape)


@given(SHAPES, st.integers(0, 10**9), st.integers(0, 2000))
def test_the_bound_holds_for_work_that_grows_in_proportion_and_a_constant(
    shape: Shape, constant: int, per_unit: int
) -> None:
    def truth(of: Shape) -> int:
        return constant + per_unit * of.size * of.frames * of.batch

    points = [Point(of, truth(of)) for of in (Shape(1000, 1, 1), Shape(10**6, 1, 1), Shape(10**6, 81, 6))]
    # One byte is the rounding of the scaled point.
    assert interpolate(points, shape) >= truth(shape) - 1


def test_a_measured_shape_needs_what_was_measured() -> None:
    points = [Point(Shape(100, 1, size), 10 * size + 5) for size in (1, 2, 6)]
    assert [interpolate(points, Shape(100, 1, size)) for size in (1, 2, 6)] == [15, 25, 65]
    assert interpolate(points, Shape(100, 1, 4)) == 50


def test_the_workspace_of_a_library_grows_with_the_frame() -> None:
    stage = StageFootprint((Point(Shape(100, 1), 10),), workspace_bytes=1000, workspace_size=100)
    assert stage.work_bytes(Shape(100)) == 1010
    assert stage.work_bytes(Shape(200)) == 20 + 2000
    tiles = StageFootprint((Point(Shape(100), 10),), workspace_bytes=1000)
    assert tiles.work_bytes(Shape(200)) == 20 + 1000


@given(POINTS, POINTS, SHAPES, st.integers(0, 10**6), st.integers(0, 100), st.integers(0, 64))
def test_measured_points_lower_and_raise_the_book_and_it_still_never_falls(
    book: list[Point], measured: list[Point], shape: Shape, size: int, frames: int, batch: int
) -> None:
    stage = StageFootprint(tuple(book), measured=tuple(measured))
    larger = Shape(shape.size + size, shape.frames + frames, shape.batch + batch)
    assert stage.work_bytes(larger) >= stage.work_bytes(shape)
    for point in measured:
        assert stage.work_bytes(point.shape) >= point.work_bytes


def test_a_measured_shape_needs_less_than_the_book_says_if_it_was_less() -> None:
    stage = StageFootprint((Point(Shape(100), 50),), measured=(Point(Shape(100), 30),))
    assert stage.work_bytes(Shape(100)) == 30
    assert stage.work_bytes(Shape(80)) == 30
    assert stage.work_bytes(Shape(101)) == 50


def test_a_stage_without_points_is_an_error() -> None:
    with pytest.raises(ValueError, match="without measured points"):
        interpolate([], Shape(1))
