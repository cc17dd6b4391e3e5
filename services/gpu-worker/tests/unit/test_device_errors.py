"""Each error of a device is what it is: too little memory, a broken context, or neither."""

import errno
from pathlib import Path

import numpy as np
import pytest
import torch
from gpu_worker.domain.failures import Failure
from gpu_worker.runtime.device_errors import MemoryShortage, broken_context, is_out_of_memory, memory_shortage

GIB = 1024**3
OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory."),
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    RuntimeError("CUDA error: out of memory"),
    torch.AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("GET was unable to find an engine to execute this computation"),
    RuntimeError("Unable to find an engine to execute this computation"),
]
BROKEN = [
    (torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), "illegal memory access"),
    (torch.AcceleratorError("something that no release has said so far"), "accelerator error"),
    (RuntimeError("CUDA error: device-side assert triggered"), "device-side assert triggered"),
    (RuntimeError("CUDA error: unspecified launch failure"), "unspecified launch failure"),
    (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), "CUDNN_STATUS_EXECUTION_FAILED"),
    (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED"), "CUBLAS_STATUS_EXECUTION_FAILED"),
    (RuntimeError("CUDA driver error: unknown error"), "CUDA driver error"),
    (RuntimeError("nvrtc: error: invalid value for --gpu-architecture"), "nvrtc"),
    (RuntimeError("NCCL Error 1: unhandled cuda error"), "NCCL"),
]
NEITHER = [
    ValueError("CUDA error: the type is wrong, and so it is no error of a device"),
    RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
    FileNotFoundError(errno.ENOENT, "No such file"),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=str)
def test_too_little_memory_leaves_the_context_usable(error: Exception) -> None:
    assert is_out_of_memory(error)
    assert broken_context(error) is None


@pytest.mark.parametrize(("error", "reason"), BROKEN, ids=lambda value: str(value)[:60])
def test_a_broken_context_is_named_in_the_drivers_words(error: Exception, reason: str) -> None:
    assert not is_out_of_memory(error)
    found = broken_context(error)
    assert found is not None
    assert found.lower() == reason.lower()


@pytest.mark.parametrize("error", NEITHER, ids=str)
def test_other_errors_say_nothing_about_the_device(error: Exception) -> None:
    assert not is_out_of_memory(error)
    assert broken_context(error) is None


def test_an_error_is_judged_by_what_it_was_raised_from() -> None:
    outer = ValueError("could not load")
    outer.__cause__ = RuntimeError("CUDA error: misaligned address")
    assert broken_context(outer) == "misaligned address"
    outer.__cause__ = MemoryError()
    assert is_out_of_memory(outer)


def test_the_size_of_the_allocation_and_the_free_memory_are_read_from_the_error() -> None:
    text = (
        "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 23.64 GiB of which 512.00 MiB "
        "is free. Including non-PyTorch memory, this process has 23.1 GiB memory in use."
    )
    assert memory_shortage(torch.OutOfMemoryError(text)) == MemoryShortage(int(2.5 * GIB), GIB // 2)


def test_the_allocators_of_the_cpu_are_understood() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**16)
    assert memory_shortage(caught.value) == MemoryShortage(4 * 10**16, None)
    with pytest.raises(MemoryError) as refused:
        np.empty(10**17)
    assert is_out_of_memory(refused.value)


def test_a_failure_that_a_file_caused_is_no_device_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        (tmp_path / "absent").read_bytes()
    assert not isinstance(caught.value, Failure)
    assert broken_context(caught.value) is None
