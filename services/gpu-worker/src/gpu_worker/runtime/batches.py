"""Runs work in batches that shrink when memory runs out."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_fitting_batches(
    items: Sequence[Item],
    work: Callable[[Sequence[Item]], Result],
    *,
    largest: int,
    out_of_memory: Callable[[BaseException], bool],
    free_memory: Callable[[], None],
) -> Iterator[tuple[Sequence[Item], Result]]:
    """Yield each batch with its result, in order. The batch size is halved whenever memory runs out, and stays halved.

    Raises an OUT_OF_MEMORY Failure if a batch of one does not fit.
    """
    size = min(largest, len(items))
    start = 0
    while start < len(items):
        batch = items[start : start + size]
        result = _attempt(batch, work, out_of_memory)
        if result is not None:
            yield batch, result
            start += len(batch)
            continue
        free_memory()
        if len(batch) == 1:
            raise Failure(
                StepErrorCode.OUT_OF_MEMORY,
                "The device has too little memory for one image of this size",
                retryable=False,
            )
        size = (len(batch) + 1) // 2


def _attempt(
    batch: Sequence[Item], work: Callable[[Sequence[Item]], Result], out_of_memory: Callable[[BaseException], bool]
) -> Result | None:
    """Return the result, or None if memory ran out. The error is dropped here: its traceback references tensors."""
    try:
        return work(batch)
    except Exception as error:
        if not out_of_memory(error):
            raise
        return None
