"""Runs work on many items at once, and on fewer where memory does not suffice."""

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
    """Yield each batch with its result, in order; the batch is halved whenever memory runs out.

    Once halved it stays so for the rest of the items: what did not fit a moment ago will not fit now.
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
    """Return None when memory ran out. The error is dropped here, since its traceback holds the tensors."""
    try:
        return work(batch)
    except Exception as error:
        if not out_of_memory(error):
            raise
        return None
