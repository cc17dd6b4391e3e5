"""The shipped footprints are what the command measures, and the live count is right on real tensors."""

import pytest
import torch
from gpu_worker.domain.memory.footprint import Component, Shape, StageName
from gpu_worker.models.footprint_book import parse_book, shipped_book, write_book
from gpu_worker.pipelines.footprints.live import work_bytes
from gpu_worker.pipelines.qwen.footprint import measure_qwen


def test_live_bytes_are_those_of_tensors_alive_at_once() -> None:
    layer = torch.nn.Linear(1000, 1000, bias=False, device="meta")

    def call() -> object:
        first = layer(torch.empty((10, 1000)))
        second = layer(first)
        del first
        return layer(second)

    # Two activations of 40,000 bytes are alive at once; Python holds the argument of the first call until it returns.
    assert work_bytes([layer], call) == 80_000


def test_attention_counts_its_result_and_no_matrix_of_scores() -> None:
    def call() -> torch.Tensor:
        heads = torch.empty((1, 8, 4096, 64))
        return torch.nn.functional.scaled_dot_product_attention(heads, heads, heads)

    assert work_bytes([], call) == 2 * 8 * 4096 * 64 * 4


@pytest.mark.parametrize("name", ["sdxl", "wan2.1-t2v-1.3b", "qwen2.5-7b"])
def test_the_book_survives_its_own_format(name: str) -> None:
    assert parse_book(write_book(shipped_book(), {}))[name] == shipped_book()[name]


def test_the_command_measures_what_the_book_says() -> None:
    measured, shipped = measure_qwen(), shipped_book()["qwen2.5-7b"]
    assert measured.weights == shipped.weights
    assert measured.stages[StageName.WRITE].points == shipped.stages[StageName.WRITE].points


def test_the_book_agrees_with_the_published_weights_and_an_independent_measurement() -> None:
    """The figures are those of the files on the hub, and of a run on meta tensors outside this repository."""
    book = shipped_book()
    sdxl, wan, qwen = book["sdxl"], book["wan2.1-t2v-1.3b"], book["qwen2.5-7b"]
    assert sdxl.weights_bytes == pytest.approx(6.94e9, rel=0.005)
    assert wan.weights_bytes == pytest.approx(14.7e9, rel=0.01)
    assert qwen.weights_bytes == pytest.approx(15.23e9, rel=0.005)
    assert wan.weights[Component.TEXT_ENCODER] == pytest.approx(11.36e9, rel=0.01)
    six, frames = Shape(1024 * 1024, batch=6), Shape(480 * 832, 81)
    assert sdxl.stages[StageName.DENOISE].work_bytes(six) == pytest.approx(1.99e9, rel=0.01)
    assert sdxl.stages[StageName.DECODE].work_bytes(Shape(1024 * 1024)) == pytest.approx(1.61e9, rel=0.01)
    assert wan.stages[StageName.DENOISE].work_bytes(frames) == pytest.approx(1.60e9, rel=0.01)
    workspace = wan.stages[StageName.DECODE].workspace_bytes
    assert wan.stages[StageName.DECODE].work_bytes(frames) - workspace == pytest.approx(8.18e9, rel=0.01)
    tiled = wan.stages[StageName.DECODE_TILED]
    assert tiled.work_bytes(frames) - tiled.workspace_bytes == pytest.approx(1.86e9, rel=0.02)
