"""The judge's own pictures: renders of scenes in which every answer is equally likely."""

import multiprocessing
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from darkroom_mini.judge.model import SIDE_PX, small
from darkroom_mini.judge.questions import QUESTIONS, even_scene, right_answers
from darkroom_mini.world.render import render

_CHUNK = 32


def draw_renders(folder: Path, name: str, count: int, seed: int, processes: int) -> None:
    """Write `pixels-NAME.npy` of shape (count, 72, 72, 3) and `answers-NAME.npy` with indices of answers."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    draft = folder / f"pixels-{name}.draft.npy"
    pixels = np.lib.format.open_memmap(draft, "w+", np.uint8, (count, SIDE_PX, SIDE_PX, 3))
    answers = np.zeros((count, len(QUESTIONS)), np.int64)
    if processes == 1:
        _fill(pixels, answers, map(partial(_draw, seed), range(count)))
    else:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            _fill(pixels, answers, pool.imap(partial(_draw, seed), range(count), _CHUNK))
    np.save(folder / f"answers-{name}.npy", answers)
    draft.replace(folder / f"pixels-{name}.npy")


def _fill(
    pixels: NDArray[np.uint8], answers: NDArray[np.int64], drawn: Iterator[tuple[NDArray[np.uint8], list[int]]]
) -> None:
    for index, (picture, right) in enumerate(drawn):
        pixels[index], answers[index] = picture, right


def _draw(seed: int, index: int) -> tuple[NDArray[np.uint8], list[int]]:
    number = seed * 100_000_000 + index
    scene = even_scene(Random(number))
    right = right_answers(scene)
    known = [choices.index(right[question]) for question, choices in QUESTIONS.items()]
    return small(render(scene, number).image), known
