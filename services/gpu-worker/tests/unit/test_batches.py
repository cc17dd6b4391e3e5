"""Batches are halved when memory runs out, and only then."""

from collections.abc import Sequence

import pytest
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.domain.failures import Failure
from gpu_worker.runtime.batches import in_fitting_batches


class SmallDevice:
    """Runs out of memory above so many items at once."""

    def __init__(self, holds: int) -> None:
        self.holds = holds
        self.freed = 0

    def work(self, items: Sequence[int]) -> list[int]:
        if len(items) > self.holds:
            raise MemoryError
        return list(items)

    def free(self) -> None:
        self.freed += 1


def run(device: SmallDevice, items: Sequence[int], largest: int = 64) -> list[list[int]]:
    batches = in_fitting_batches(
        items,
        device.work,
        largest=largest,
        out_of_memory=lambda error: isinstance(error, MemoryError),
        free_memory=device.free,
    )
    return [result for _, result in batches]


def test_everything_runs_at_once_where_it_fits() -> None:
    device = SmallDevice(holds=6)
    assert run(device, range(6)) == [[0, 1, 2, 3, 4, 5]]
    assert device.freed == 0


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost() -> None:
    device = SmallDevice(holds=3)
    assert run(device, range(6)) == [[0, 1, 2], [3, 4, 5]]
    assert device.freed == 1


def test_a_batch_is_halved_until_it_fits() -> None:
    assert run(SmallDevice(holds=1), range(5)) == [[0], [1], [2], [3], [4]]


def test_a_limit_is_kept_without_running_out_first() -> None:
    device = SmallDevice(holds=6)
    assert run(device, range(6), largest=4) == [[0, 1, 2, 3], [4, 5]]
    assert device.freed == 0


def test_one_item_that_does_not_fit_fails_for_good() -> None:
    with pytest.raises(Failure) as caught:
        run(SmallDevice(holds=0), range(2))
    assert caught.value.code is StepErrorCode.OUT_OF_MEMORY
    assert not caught.value.retryable


def test_another_error_is_not_taken_for_lack_of_memory() -> None:
    def broken(_: Sequence[int]) -> None:
        raise ValueError("wrong shape")

    with pytest.raises(ValueError, match="wrong shape"):
        list(in_fitting_batches([1], broken, largest=1, out_of_memory=lambda _: False, free_memory=lambda: None))
