"""Checkpoints by the names that clients have for them: a path, a file, a title with its hash, or the hash alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from darkroom_schemas.catalogue import CATALOGUE, QWEN, SDXL, WAN
from darkroom_schemas.worker import Capabilities

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.generation import is_chosen, wrong

SDXL_TYPE = CATALOGUE["sdxl_image_high"].name
FILE_EXTENSIONS = (".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf")
MAX_SHOWN = 200
_TITLE = re.compile(r"(.*?)\s*\[([0-9a-f]{8,64})\]\Z")


class UnknownCheckpoint(StrEnum):
    """What becomes of a generation whose checkpoint no live worker has."""

    FALLBACK = "fallback"
    """The server's default checkpoint draws it, and the answer says so."""
    REJECT = "reject"
    """It is refused."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The checkpoint to use, and a sentence if it is not the one that was asked for. None is the server's default."""

    checkpoint: str | None
    notice: str | None = None


def checkpoints(live: Sequence[Capabilities]) -> list[str]:
    """Return the models that our SDXL pipeline may be asked for now: the default first, then those of live workers."""
    offered = {model for can in live if SDXL_TYPE in can.types for model in can.models}
    return [SDXL, *sorted(offered - {SDXL, WAN, QWEN})]


def choose_ours(asked: str | None, live: Sequence[Capabilities], unknown: UnknownCheckpoint) -> Choice:
    """Choose a checkpoint of our SDXL pipeline; raises `InvalidParameter` for an unknown one that is to be refused."""
    if asked is None or not is_chosen(asked):
        return Choice(SDXL)
    known = checkpoints(live)
    found = find_checkpoint(asked, known)
    return Choice(found) if found else _unknown(asked, known, SDXL, unknown)


def choose_of_backend(asked: str | None, behind: Sequence[Capabilities], unknown: UnknownCheckpoint) -> Choice:
    """Choose a checkpoint of the back end that the workers `behind` an alias serve, as `choose_ours` does.

    Workers that do not tell which checkpoints their back end has are given the name as it came.
    """
    if asked is None or not is_chosen(asked):
        return Choice(None)
    known = sorted({model for can in behind for model in can.models} - {SDXL, WAN, QWEN})
    if not known:
        return Choice(asked.replace("\\", "/"))
    found = find_checkpoint(asked, known)
    return Choice(found) if found else _unknown(asked, known, None, unknown)


def find_checkpoint(asked: str, known: Sequence[str]) -> str | None:
    """Return the one of the known checkpoints that is meant; the more of a path agrees, the better."""
    for name in _names(asked):
        for checkpoint in known:
            if name in _names(checkpoint):
                return checkpoint
    return None


def _names(checkpoint: str) -> tuple[str, ...]:
    """Return the names of a checkpoint, the most exact one first: path, file, file without extension, hash."""
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
