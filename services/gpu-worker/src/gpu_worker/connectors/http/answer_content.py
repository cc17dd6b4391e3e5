"""What an answer contains: text, or a file on disk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from darkroom_schemas.errors import StepErrorCode

from gpu_worker.connectors.answers import parse_json
from gpu_worker.connectors.downloads import download
from gpu_worker.domain.failures import Failure

MAX_TEXT_BYTES = 1_000_000
_TEXT_TYPES = frozenset({
    "application/json", "application/javascript", "application/xml", "application/x-ndjson", "application/jsonl",
    "application/yaml", "application/x-www-form-urlencoded",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Content:
    """The body of an answer: either its text, or the file that it was written to."""

    text: str | None
    file: Path | None = None

    def json(self) -> Any:
        """Return the JSON of the text; raises BadAnswer."""
        return parse_json(self.text or "")


async def read_content(answer: aiohttp.ClientResponse, path: Path, max_bytes: int, *, store: bool) -> Content:
    """Read an answer: to a file if it is to be stored or is not text.

    Raises an OUTPUT_TOO_LARGE Failure for a file of more than `max_bytes` and a text of more than 1 MB.
    """
    if answer.method == "HEAD":
        return Content("")
    if store or not is_text(answer):
        await download(answer, path, max_bytes)
        return Content(None, path)
    return Content(await _read_text(answer))


def is_text(answer: aiohttp.ClientResponse) -> bool:
    """Whether the answer says that its body is text. One that says nothing counts as text."""
    kind = answer.content_type
    return (
        "Content-Type" not in answer.headers
        or kind.startswith("text/")
        or kind.endswith(("+json", "+xml"))
        or (kind in _TEXT_TYPES)
    )


async def _read_text(answer: aiohttp.ClientResponse) -> str:
    parts, size = [], 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > MAX_TEXT_BYTES:
            raise Failure(
                StepErrorCode.OUTPUT_TOO_LARGE,
                f"The answer's text is larger than {MAX_TEXT_BYTES:,} bytes; `store` keeps it as a file",
            )
        parts.append(part)
    try:
        return b"".join(parts).decode(answer.charset or "utf-8", errors="replace")
    except LookupError:  # an encoding that Python does not know
        return b"".join(parts).decode(errors="replace")
