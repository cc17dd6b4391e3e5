"""Reads what a safetensors file holds from its header, and names files that are none for what they are."""

from dataclasses import dataclass
from pathlib import Path

from gpu_worker.domain.checkpoints.damage import damage_of
from gpu_worker.domain.checkpoints.kind import Checkpoint, identify
from gpu_worker.domain.memory.headers import (
    LENGTH_BYTES,
    FileHeader,
    HeaderError,
    header_length,
    parse_file_header,
)

_START_BYTES = 512


class NotUsable(Exception):
    """Files are not what a model needs; the message names the file and says what it is."""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A complete safetensors file."""

    path: Path
    header: FileHeader

    def identify(self) -> Checkpoint:
        """Return what the file holds, by the names of its tensors."""
        return identify({name: tensor.elements for name, tensor in self.header.tensors.items()}, self.header.metadata)


def read_weights_file(path: Path) -> WeightsFile:
    """Read the header of a file; raises NotUsable if it is no safetensors file, or an incomplete one."""
    if not path.is_file():
        raise NotUsable(f"{path.name} does not exist" if not path.exists() else f"{path.name} is a folder")
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
            header, expected_bytes, problem = None, None, ""
            try:
                length = header_length(start)
                if LENGTH_BYTES + length <= size_bytes:
                    file.seek(LENGTH_BYTES)
                    header = parse_file_header(file.read(length))
                    expected_bytes = LENGTH_BYTES + length + header.data_bytes
                elif start[LENGTH_BYTES : LENGTH_BYTES + 1] == b"{":
                    expected_bytes = LENGTH_BYTES + length
            except HeaderError as error:
                problem = f" ({error})"
    except OSError as error:
        raise NotUsable(f"{path.name} cannot be read: {error.strerror}") from error
    damage = damage_of(start, size_bytes, expected_bytes)
    if damage is not None or header is None:
        raise NotUsable(f"{path.name} is {damage}{problem if damage == 'not a safetensors file' else ''}")
    return WeightsFile(path, header)
