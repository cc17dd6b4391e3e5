"""Resolves checkpoint names as clients write them: a path, a file, a title with a hash, or a hash."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.loras import is_lora
from darkroom_schemas.worker import Capabilities

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.generation import is_chosen, wrong

TYPE = CATALOGUE["sdxl_image_high"]
"""The job type whose models are the checkpoints of generations."""
DEFAULT_CHECKPOINT = str(TYPE.model)
_OF_OTHER_TYPES = frozenset(
    job_type.model for job_type in CATALOGUE.values() if job_type.model and job_type.family != TYPE.family
)
"""Models that are no checkpoints."""
FILE_EXTENSIONS = (".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf")
MAX_SHOWN = 200
_TITLE = re.compile(r"(.*?)\s*\[([0-9a-f]{8,64})\]\Z")


class UnknownCheckpoint(StrEnum):
    """How to handle a generation whose checkpoint no live worker has."""

    FALLBACK = "fallback"
    """Use the server's default checkpoint and add a notice to the response."""
    REJECT = "reject"
    """Reject the request."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The checkpoint to use (None: the server's default), and a notice if it differs from the requested one."""

    checkpoint: str | None
    notice: str | None = None


def checkpoints(live: Sequence[Capabilities]) -> list[str]:
    """Return the available checkpoints: the default first, then those of live workers."""
    offered = {model for can in live if TYPE.name in can.types for model in can.models if not is_lora(model)}
    return [DEFAULT_CHECKPOINT, *sorted(offered - _OF_OTHER_TYPES - {DEFAULT_CHECKPOINT})]


def choose_for_worker(asked: str | None, live: Sequence[Capabilities], unknown: UnknownCheckpoint) -> Choice:
    """Choose a checkpoint of our own workers; raises `InvalidParameter` if it is unknown and `unknown` is REJECT."""
    if asked is None or not is_chosen(asked):
        return Choice(DEFAULT_CHECKPOINT)
    known = checkpoints(live)
    found = find_checkpoint(asked, known)
    return Choice(found) if found else _unknown(asked, known, DEFAULT_CHECKPOINT, unknown)


def choose_for_backend(asked: str | None, behind: Sequence[Capabilities], unknown: UnknownCheckpoint) -> Choice:
    """Choose a checkpoint of the back end that the workers `behind` an alias serve, as `choose_for_worker` does.

    If these workers do not report the checkpoints of their back end, the name is passed on unchanged.
    """
    if asked is None or not is_chosen(asked):
        return Choice(None)
    offered = {model for can in behind for model in can.models if not is_lora(model)}
    known = sorted(offered - _OF_OTHER_TYPES - {DEFAULT_CHECKPOINT})
    if not known:
        return Choice(asked.replace("\\", "/"))
    found = find_checkpoint(asked, known)
    return Choice(found) if found else _unknown(asked, known, None, unknown)


def find_checkpoint(asked: str, known: Sequence[str]) -> str | None:
    """Return the known checkpoint that the name means. Matches are tried from the most exact name to the least."""
    for name in _names(asked):
        for checkpoint in known:
            if name in _names(checkpoint):
                return checkpoint
    return None


def _names(checkpoint: str) -> tuple[str, ...]:
    """Return the names of a checkpoint, most exact first: path, file, file without extension, hash."""
    text, hash_ = checkpoint.strip().lower().replace("\\", "/"), ""
    if title := _TITLE.match(text):
        text, hash_ = title.groups()
    file = text.rpartition("/")[2]
    stem = next((file.removesuffix(end) for end in FILE_EXTENSIONS if file.endswith(end)), file)
    return tuple(name for name in dict.fromkeys((text, file, stem, hash_)) if name)


def _unknown(asked: str, known: Sequence[str], default: str | None, unknown: UnknownCheckpoint) -> Choice:
    shown = asked[:MAX_SHOWN]
    if unknown is UnknownCheckpoint.REJECT:
        raise _refusal(shown, known)
    used = f"the default, {default}," if default else "the default of the server"
    return Choice(default, f"No live worker has the checkpoint {shown!r}; {used} is used instead.")


def _refusal(shown: str, known: Sequence[str]) -> InvalidParameter:
    return wrong(
        "checkpoint_name", f"must be one that a live worker has, such as {', '.join(known[:20])}, not {shown!r}"
    )
