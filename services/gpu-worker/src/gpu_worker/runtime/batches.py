"""Runs work that may run out of memory: first everything else makes room, then batches shrink."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure
from gpu_worker.runtime.device_errors import MemoryShortage, memory_shortage

Item = TypeVar("Item")
Result = TypeVar("Result")


def attempt(work: Callable[[], Result]) -> Result | MemoryShortage:
    """Return the result, or what is known of the allocation that failed.

    The error is dropped here: its traceback references tensors, whose memory the next attempt needs.
    """
    try:
        return work()
    except Exception as error:
        shortage = memory_shortage(error)
        if shortage is None:
            raise
        return shortage


def out_of_memory(what: str, shortage: MemoryShortage) -> Failure:
    """Return the Failure of work that does not fit. A worker with more memory may be able to do it."""
    return Failure(
        StepErrorCode.OUT_OF_MEMORY, f"The device has too little memory for {what}: {shortage}", retryable=True
    )


def with_room(work: Callable[[], Result], free_memory: Callable[[], None], what: str) -> Result:
    """Run work, once more after `free_memory` if memory runs out; raises an OUT_OF_MEMORY Failure."""
    result = attempt(work)
    if isinstance(result, MemoryShortage):
        free_memory()
        result = attempt(work)
    if isinstance(result, MemoryShortage):
        raise out_of_memory(what, result)
    return result


def in_fitting_batches(
    items: Sequence[Item],
    work: Callable[[Sequence[Item]], Result],
    *,
    largest: int,
    free_memory: Callable[[], None],
) -> Iterator[tuple[Sequence[Item], Result]]:
    """Yield each batch with its result, in order.

    The first time that memory runs out, `free_memory` is called and the same batch runs again, since its size is part
    of what determines the pixels. Later times halve the batch size, which stays halved. Raises an OUT_OF_MEMORY
    Failure if a batch of one does not fit.
    """
    size = min(largest, len(items))
    start, freed = 0, False
    while start < len(items):
        batch = items[start : start + size]
        result = attempt(partial(work, batch))
        if not isinstance(result, MemoryShortage):
            yield batch, result
            start += len(batch)
        elif not freed:
            free_memory()
            freed = True
        elif len(batch) == 1:
            raise out_of_memory("one output of this size", result)
        else:
            size = (len(batch) + 1) // 2
