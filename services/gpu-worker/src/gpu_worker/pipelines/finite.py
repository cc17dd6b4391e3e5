"""Finds NaN and infinite numbers, as half precision yields when it overflows. They would become black pixels."""

import torch
from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure


def is_finite(tensor: torch.Tensor) -> bool:
    """Return whether all numbers are finite. Waits for the device once and allocates nothing of the tensor's size."""
    smallest, largest = torch.aminmax(tensor)  # both are NaN if any number is
    return bool(torch.isfinite(smallest) & torch.isfinite(largest))


def require_finite(tensor: torch.Tensor, what: str) -> None:
    """Raise a NOT_FINITE Failure unless all numbers are finite; `what` names the tensor, in the plural."""
    if not is_finite(tensor):
        raise not_finite(what)


def not_finite(what: str) -> Failure:
    """Return the Failure of numbers that are not finite."""
    return Failure(StepErrorCode.NOT_FINITE, f"{what} contain NaN or infinite numbers", retryable=True)
