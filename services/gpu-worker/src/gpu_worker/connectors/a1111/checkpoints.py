"""Finds the checkpoint that a job means in the list of the server."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure

_TITLE = re.compile(r"(.*?)\s*\[([0-9a-f]{6,64})\]\Z")
_EXTENSIONS = (".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf")
_SHORTEST_HASH = 8
_MAX_SHOWN = 5

Checkpoint = Mapping[str, Any]
"""An entry of `/sdapi/v1/sd-models`: `title`, `model_name`, `hash`, `sha256` and `filename`."""


def titles(entries: Sequence[Checkpoint]) -> list[str]:
    """Return the titles of checkpoints, such as `sub/name.safetensors [0123456789]`."""
    return [entry["title"] for entry in entries if isinstance(entry.get("title"), str)]


def title_of(asked: str, entries: Sequence[Checkpoint]) -> str:
    """Return the title of the checkpoint that a name means: a title, a path with either slash, a file, or a hash.

    Exact names are preferred to parts of one. Raises a MODEL_UNAVAILABLE Failure if there is none, and an
    INVALID_PAYLOAD Failure if the name is that of several.
    """
    known = [(title, *_names(entry)) for entry in entries if isinstance(title := entry.get("title"), str)]
    for wanted in _forms(asked):
        for place in (1, 2):  # whole names before parts of names
            found = sorted({names[0] for names in known if wanted in names[place]})
            if len(found) == 1:
                return found[0]
            if found:
                several = ", ".join(found[:_MAX_SHOWN])
                raise Failure(StepErrorCode.INVALID_PAYLOAD, f"checkpoint: {asked[:200]!r} may be {several}")
    raise Failure(StepErrorCode.MODEL_UNAVAILABLE, f"checkpoint: the server has no {asked[:200]!r}")


def _forms(asked: str) -> Iterator[str]:
    """Yield what a name may be, most exact first."""
    text = _plain(asked)
    yield text
    if title := _TITLE.match(text):
        yield title[2]
        text = title[1]
        yield text
    yield _without_extension(text)
    yield text.rpartition("/")[2]
    yield _without_extension(text.rpartition("/")[2])


def _names(entry: Checkpoint) -> tuple[set[str], set[str]]:
    """Return the whole names of a checkpoint, hashes included, and the ends of its paths with parts of its hash."""
    whole, parts = set(), set()
    for field in ("title", "model_name", "filename"):
        text = _plain(str(entry.get(field) or ""))
        path = title[1] if (title := _TITLE.match(text)) else text
        whole |= {text, path, _without_extension(path)}
        folders = path.split("/")
        ends = {"/".join(folders[start:]) for start in range(1, len(folders))}
        parts |= ends | {_without_extension(end) for end in ends}
    sha256, short = str(entry.get("sha256") or "").lower(), str(entry.get("hash") or "").lower()
    parts |= {sha256[:length] for length in range(_SHORTEST_HASH, len(sha256))}
    return (whole | {short, sha256}) - {""}, parts - {""}


def _plain(text: str) -> str:
    return text.strip().replace("\\", "/").strip("/").casefold()


def _without_extension(text: str) -> str:
    return next((text.removesuffix(ending) for ending in _EXTENSIONS if text.endswith(ending)), text)
