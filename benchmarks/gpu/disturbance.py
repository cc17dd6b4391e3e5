"""What a check asks of the GPU process: options for all of its steps, and the names of disturbances of one step.

Imports no torch, since the parent reads it too.
"""

import json
from dataclasses import asdict, dataclass

OOM_STAGES = ("load", "encode", "denoise", "decode")
OOM = "oom-"
"""With a stage: memory runs out there once, until the worker makes room."""
ASSERT = "assert"
"""A kernel asserts on the device in the denoiser."""


@dataclass(frozen=True, slots=True)
class Options:
    """`compile` names a backend of torch.compile for the repeated blocks, `attention` a backend of diffusers."""

    compile: str | None = None
    attention: str | None = None

    def to_json(self) -> str:
        """Return the options as an argument of the process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Options":
        """Parse `to_json`'s text."""
        return cls(**json.loads(text))
