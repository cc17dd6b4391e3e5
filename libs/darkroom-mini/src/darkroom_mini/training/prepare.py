"""Draws the pictures of a training once, and keeps their latents, the boxes of their things, and their captions."""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from darkroom_mini.captions.grammar import describe
from darkroom_mini.captions.sampling import sample_scene
from darkroom_mini.training.home import Home
from darkroom_mini.training.latents import BLOCK_PX, DesignedLatents, Floats, blocks_of, fit_latents, load_latents
from darkroom_mini.training.plan import Plan, Shape
from darkroom_mini.world.render import Box, render

LATENTS = "latents.npz"
KEPT = "pixels"
_FITTED_PICTURES = 2_400
_FITTED_SHARE = 0.12
_CHUNK = 32


class Sample(NamedTuple):
    """One picture of the data."""

    latents: Floats
    boxes: NDArray[np.uint8]
    captions: list[str]


def prepare(plan: Plan, home: Home, processes: int) -> None:
    """Make all data that is missing. What an interrupted run has finished is kept."""
    with _spread(processes) as each:
        if not home.has(f"{KEPT}.npy"):
            square = plan.shapes[0]
            kept = home.new_array(KEPT, np.uint8, (plan.kept_pictures, square.height, square.width, 3))
            for index, pixels in enumerate(each(partial(_pixels, plan, square), range(len(kept)))):
                kept[index] = pixels
            home.finish_array(KEPT)
        if not home.has(LATENTS):
            fit_latents(_fitting_blocks(plan, home), plan.channels).save(home.path(LATENTS))
        for shape in plan.shapes:
            if not home.has(f"captions-{shape.name}.json"):
                make = partial(_sample, plan, shape, home.path(LATENTS))
                _write(plan, shape, home, each(make, range(shape.pictures)))
                print(f"{shape.name}: {shape.pictures} pictures", flush=True)


@contextmanager
def _spread(processes: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Yield a `map` that keeps the order; over several processes it draws ahead."""
    if processes == 1:
        yield map
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield partial(pool.imap, chunksize=_CHUNK)


def _write(plan: Plan, shape: Shape, home: Home, samples: Iterator[Sample]) -> None:
    rows, columns = shape.height // BLOCK_PX, shape.width // BLOCK_PX
    names = f"latents-{shape.name}", f"boxes-{shape.name}"
    latents = home.new_array(names[0], np.float16, (shape.pictures, plan.channels, rows, columns))
    boxes = home.new_array(names[1], np.uint8, (shape.pictures, rows, columns))
    captions = []
    for index, sample in enumerate(samples):
        latents[index], boxes[index] = sample.latents, sample.boxes
        captions += sample.captions
    for name in names:
        home.finish_array(name)
    home.path(f"captions-{shape.name}.json").write_text(json.dumps(captions))


def picture_seed(plan: Plan, shape: Shape, index: int) -> int:
    """Return the seed of one picture of the data."""
    return (plan.seed * 10 + plan.shapes.index(shape)) * 10_000_000 + index


def _pixels(plan: Plan, shape: Shape, index: int) -> NDArray[np.uint8]:
    seed = picture_seed(plan, shape, index)
    scene, _ = sample_scene(Random(seed))
    return np.asarray(render(scene, seed, shape.width, shape.height).image)


def _sample(plan: Plan, shape: Shape, map_path: Path, index: int) -> Sample:
    seed = picture_seed(plan, shape, index)
    random = Random(seed)
    scene, stated = sample_scene(random)
    picture = render(scene, seed, shape.width, shape.height)
    latents = _map(map_path).encode(np.asarray(picture.image)[None])[0]
    grid = mark_boxes(picture.boxes, shape.height // BLOCK_PX, shape.width // BLOCK_PX)
    return Sample(latents, grid, [describe(scene, stated, random).text for _ in range(plan.captions_each)])


_MAPS: dict[Path, DesignedLatents] = {}


def _map(path: Path) -> DesignedLatents:
    if path not in _MAPS:
        _MAPS[path] = load_latents(path)
    return _MAPS[path]


def mark_boxes(boxes: tuple[Box, ...], rows: int, columns: int) -> NDArray[np.uint8]:
    """Return a grid with 1 in each cell that the box of a thing touches by at least half a cell."""
    grid = np.zeros((rows, columns), np.uint8)
    for left, top, right, bottom in boxes:
        first_row, first_column = max(0, round(top * rows)), max(0, round(left * columns))
        grid[first_row : max(0, round(bottom * rows)), first_column : max(0, round(right * columns))] = 1
    return grid


def _fitting_blocks(plan: Plan, home: Home) -> Floats:
    """Return some blocks of the kept pictures. Those with much in them count most, since edges are what is hard."""
    pixels = home.array(KEPT)[:_FITTED_PICTURES]
    generator = np.random.default_rng(plan.seed)
    chosen = []
    for part in np.array_split(np.asarray(pixels), min(24, len(pixels))):
        blocks = blocks_of(part).reshape(-1, BLOCK_PX * BLOCK_PX * 3)
        busy = blocks.std(1) > 0.08
        chosen.append(blocks[generator.random(len(blocks)) < np.where(busy, 2 * _FITTED_SHARE, _FITTED_SHARE)])
    return np.concatenate(chosen)
