"""When memory runs out, the same batch is tried again with more room, and only then in halves."""

import weakref
from collections.abc import Sequence

import pytest
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.domain.failures import Failure
from gpu_worker.runtime.batches import attempt, in_fitting_batches, with_room
from gpu_worker.runtime.device_errors import MemoryShortage


class SmallDevice:
    """Runs out of memory above so many items at once; `gains` is how many more fit after memory was freed."""

    def __init__(self, holds: int, gains: int = 0) -> None:
        self.holds = holds
        self.gains = gains
        self.freed = 0
        self.tried: list[int] = []

    def work(self, items: Sequence[int]) -> list[int]:
        self.tried.append(len(items))
        if len(items) > self.holds:
            raise MemoryError
        return list(items)

    def free(self) -> None:
        self.freed += 1
        self.holds += self.gains


def run(device: SmallDevice, items: Sequence[int], largest: int = 64) -> list[list[int]]:
    batches = in_fitting_batches(items, device.work, largest=largest, free_memory=device.free)
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


def test_the_same_batch_runs_again_once_other_models_made_room() -> None:
    device = SmallDevice(holds=3, gains=3)
    assert run(device, range(6)) == [[0, 1, 2, 3, 4, 5]]
    assert device.tried == [6, 6]


def test_room_is_made_once_and_then_batches_shrink() -> None:
    device = SmallDevice(holds=1)
    run(device, range(5))
    assert device.tried == [5, 5, 3, 2, 1, 1, 1, 1, 1]
    assert device.freed == 1


def test_one_item_that_does_not_fit_is_left_to_a_larger_worker() -> None:
    with pytest.raises(Failure) as caught:
        run(SmallDevice(holds=0), range(2))
    assert caught.value.code is StepErrorCode.OUT_OF_MEMORY
    assert caught.value.retryable


def test_one_item_alone_is_tried_again_before_it_fails() -> None:
    device = SmallDevice(holds=0)
    with pytest.raises(Failure):
        run(device, range(1))
    assert device.tried == [1, 1]


def test_the_failure_gives_the_numbers_of_the_device() -> None:
    def too_much(_: Sequence[int]) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB of "
                           "which 1.50 GiB is free.")  # fmt: skip

    with pytest.raises(Failure, match="2147483648 bytes needed, 1610612736 bytes free"):
        list(in_fitting_batches([1], too_much, largest=1, free_memory=lambda: None))


def test_an_attempt_that_runs_out_of_memory_holds_on_to_nothing() -> None:
    class Tensor:
        pass

    gone: list[weakref.ref[Tensor]] = []

    def work() -> None:
        tensor = Tensor()
        gone.append(weakref.ref(tensor))
        raise MemoryError

    assert attempt(work) == MemoryShortage()
    assert gone[0]() is None


def test_work_without_batches_is_tried_again_with_more_room() -> None:
    device = SmallDevice(holds=0, gains=1)
    assert with_room(lambda: device.work([7]), device.free, "a video") == [7]
    with pytest.raises(Failure, match="for a video"):
        with_room(lambda: device.work([7, 8, 9]), device.free, "a video")


def test_another_error_is_not_taken_for_lack_of_memory() -> None:
    def broken(_: Sequence[int]) -> None:
        raise ValueError("wrong shape")

    with pytest.raises(ValueError, match="wrong shape"):
        list(in_fitting_batches([1], broken, largest=1, free_memory=lambda: None))
