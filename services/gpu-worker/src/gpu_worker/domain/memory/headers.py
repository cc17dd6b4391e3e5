"""Reads the header of a safetensors file: which tensors it holds, without reading them.

The format is 8 bytes of little-endian length, that many bytes of JSON, then the tensors
(https://huggingface.co/docs/safetensors/index#format).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

LENGTH_BYTES = 8
MAX_HEADER_BYTES = 100_000_000
"""The limit of the safetensors library."""

_FLOAT_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}
_OTHER_BYTES = {"I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1}


_METADATA = "__metadata__"


class HeaderError(Exception):
    """The bytes are not the header of a safetensors file; the message says why."""


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """A tensor of the file: its number of elements and its number format as the file names it."""

    elements: int
    dtype: str

    def bytes_as(self, float_bytes: int) -> int:
        """Return the bytes once loaded, with floating-point numbers of `float_bytes` bytes; other types stay."""
        return self.elements * (float_bytes if self.dtype in _FLOAT_BYTES else _OTHER_BYTES[self.dtype])


def header_length(start: bytes) -> int:
    """Return the length of the JSON that follows the first 8 bytes of a file; raises HeaderError."""
    if len(start) < LENGTH_BYTES:
        raise HeaderError("the file is shorter than 8 bytes")
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    if not 2 <= length <= MAX_HEADER_BYTES:
        raise HeaderError(f"its first 8 bytes give a header of {length} bytes, not 2 to {MAX_HEADER_BYTES}")
    return length


@dataclass(frozen=True, slots=True)
class FileHeader:
    """A header: the tensors by name, what the writer noted, and the bytes of tensor data that follow."""

    tensors: Mapping[str, TensorHeader]
    metadata: Mapping[str, str]
    data_bytes: int


def parse_file_header(text: bytes) -> FileHeader:
    """Return all that a header says; raises HeaderError."""
    entries = _entries(text)
    noted = entries.pop(_METADATA, None)
    metadata = {str(key): str(value) for key, value in noted.items()} if isinstance(noted, Mapping) else {}
    tensors = {name: _tensor(name, entry) for name, entry in entries.items()}
    return FileHeader(tensors, metadata, max((_end(name, entry) for name, entry in entries.items()), default=0))


def _entries(text: bytes) -> dict[str, object]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise HeaderError(f"its header is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise HeaderError("its header is not a JSON object")
    return content


def _tensor(name: str, entry: object) -> TensorHeader:
    if not isinstance(entry, Mapping):
        raise HeaderError(f"{name[:100]!r} is not a JSON object")
    dtype, shape = entry.get("dtype"), entry.get("shape")
    if dtype not in _FLOAT_BYTES and dtype not in _OTHER_BYTES:
        raise HeaderError(f"{name[:100]!r} has the dtype {str(dtype)[:20]!r}, which is not known here")
    if not isinstance(shape, list) or not all(isinstance(side, int) and side >= 0 for side in shape):
        raise HeaderError(f"{name[:100]!r} has no list of sizes as its shape")
    return TensorHeader(prod(shape), str(dtype))


def _end(name: str, entry: object) -> int:
    """Return where the data of a tensor ends, counted from the end of the header."""
    offsets = entry.get("data_offsets") if isinstance(entry, Mapping) else None
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(isinstance(at, int) and at >= 0 for at in offsets):
        raise HeaderError(f"{name[:100]!r} has no data_offsets")
    return int(offsets[1])


def loaded_bytes(tensors: Iterable[TensorHeader], float_bytes: int) -> int:
    """Return the bytes of tensors once loaded in a number format of `float_bytes` bytes."""
    return sum(tensor.bytes_as(float_bytes) for tensor in tensors)
