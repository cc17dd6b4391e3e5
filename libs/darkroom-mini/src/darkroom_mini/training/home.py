"""The folder of a training: data, states and weights. A file named STOP in it ends a training at its next step."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_STOP = "STOP"


class BusyError(Exception):
    """Two processes must not train the same stage in the same folder."""


@dataclass(frozen=True, slots=True)
class Home:
    """The files of a training."""

    root: Path

    @property
    def asked_to_stop(self) -> bool:
        """Return whether the stop file is there."""
        return (self.root / _STOP).exists()

    @contextmanager
    def alone(self, stage: str) -> Iterator[None]:
        """Hold the lock of a stage; raises BusyError if another process does. It goes with the process."""
        with self.path(f"{stage}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BusyError(f"another process runs the stage `{stage}` in {self.root}") from error
            yield

    def path(self, name: str) -> Path:
        """Return the path of a file, whose folder is made if it is missing."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def array(self, name: str) -> NDArray[Any]:
        """Open an array read-only without reading it into memory; raises FileNotFoundError with the stage to run."""
        opened: NDArray[Any] = np.load(self._present(f"{name}.npy"), mmap_mode="r")
        return opened

    def new_array(self, name: str, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
        """Make an array on disk. It is complete once it has its name; until then it is a draft."""
        draft = self.path(f"{name}.draft.npy")
        return np.lib.format.open_memmap(draft, "w+", dtype, shape)

    def finish_array(self, name: str) -> None:
        """Give a draft its name."""
        os.replace(self.path(f"{name}.draft.npy"), self.path(f"{name}.npy"))

    def has(self, name: str) -> bool:
        """Return whether a file is there."""
        return (self.root / name).exists()

    def text(self, name: str) -> str:
        """Read a text; raises FileNotFoundError with the stage to run."""
        return self._present(name).read_text()

    def save(self, name: str, content: Mapping[str, Any]) -> None:
        """Write tensors and numbers, replacing the file at once."""
        path = self.path(name)
        draft = path.with_suffix(".draft")
        torch.save(dict(content), draft)
        os.replace(draft, path)

    def load(self, name: str) -> dict[str, Any]:
        """Read tensors and numbers; raises FileNotFoundError with the stage to run."""
        content: dict[str, Any] = torch.load(self._present(name), map_location="cpu", weights_only=True)
        return content

    def _present(self, name: str) -> Path:
        path = self.root / name
        if not path.exists():
            raise FileNotFoundError(
                f"{path} is missing: run the earlier stages first (python -m darkroom_mini.training)"
            )
        return path
