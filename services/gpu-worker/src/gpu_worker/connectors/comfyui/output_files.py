"""The files that the nodes of a prompt made: which of them are kept, and their way into the object store."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.remote_payloads import ComfyUIPayload

from gpu_worker.connectors.attempt import Attempt
from gpu_worker.connectors.comfyui.client import ComfyClient, ServerFile
from gpu_worker.connectors.downloads import download
from gpu_worker.connectors.file_kinds import TEXT, UNKNOWN
from gpu_worker.connectors.media import UnreadableMedia, inspect
from gpu_worker.connectors.result_text import result_text
from gpu_worker.connectors.server_faults import ConnectionLost, Refused, Unreachable, failure_of
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.output_file import OutputFile

_MAX_FILES = 10_000
_MAX_TEXT_BYTES = 60_000
"""Of the 256,000 bytes that the queue takes for a result."""
_AT_ONCE = 4
_TRIES, _PAUSE_S = 3, 0.5
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_TEXTS = ("text", "string")


class OutputFiles:
    """Collects the outputs of one prompt. Files of the output folder are fetched as soon as their node has ended."""

    def __init__(
        self,
        current: Attempt,
        client: ComfyClient,
        payload: ComfyUIPayload,
        recipe: Callable[[], BackendRecipe],
        group: asyncio.TaskGroup,
    ) -> None:
        self._current, self._client, self._payload = current, client, payload
        self._recipe, self._group = recipe, group
        self._files: dict[ServerFile, str] = {}
        self._texts: dict[str, str] = {}
        self._taken = 0
        self._is_open = True
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def add(self, node_id: str, output: Mapping[str, Any]) -> None:
        """Record the output of a node; a repetition has no effect."""
        for file in _files_of(output):
            if file not in self._files and len(self._files) < _MAX_FILES:
                self._files[file] = node_id
                if file.kind == "output":
                    self._take(file)
        if text := _text_of(output):
            self._texts[node_id] = text

    def finish(self) -> tuple[str | None, tuple[str, ...]]:
        """Fetch temporary files if there are no others; return the text and notes about what is left out.

        Raises a BACKEND Failure if the prompt made nothing. Files that are being fetched belong to the task group.
        """
        if self._taken == 0:
            for file in self._files:
                if file.kind == "temp":
                    self._take(file)
        text = result_text(_cut("\n".join(self._texts.values())))
        if self._taken == 0 and not text:
            message = "The workflow made no file and no text; it needs a node that saves its result, such as SaveImage"
            raise Failure(StepErrorCode.BACKEND, message)
        kinds = {"output"} if any(file.kind == "output" for file in self._files) else {"temp"}
        left_out = sum(file.kind in kinds for file in self._files) - self._taken
        if left_out <= 0:
            return text or None, ()
        return text or None, (f"{left_out} more files were not stored: max_outputs is {self._payload.max_outputs}",)

    def _take(self, file: ServerFile) -> None:
        if self._is_open and self._taken < self._payload.max_outputs:
            self._group.create_task(self._fetch(self._taken, file))
            self._taken += 1

    async def _fetch(self, index: int, file: ServerFile) -> None:
        try:
            await self._store(index, file)
        except BaseException:
            self._is_open = False  # the task group is about to end, and takes no more tasks
            raise

    async def _store(self, index: int, file: ServerFile) -> None:
        path = self._current.folder / f"{index}.part"
        async with self._slots:
            for left in reversed(range(_TRIES)):
                try:
                    async with self._client.view(file) as answer:
                        await download(answer, path, self._payload.max_bytes)
                    break
                except (Unreachable, ConnectionLost):
                    if not left:
                        raise
                    await asyncio.sleep(_PAUSE_S)
                except Refused as refused:
                    raise self._missing(file, refused) from refused
        try:
            media = await asyncio.to_thread(inspect, path)
        except UnreadableMedia as damage:
            message = f"The output {file.name} is damaged: it is no readable {damage}"
            raise Failure(StepErrorCode.BACKEND, message, retryable=True) from damage
        suffix = media.suffix
        if suffix in (TEXT.suffix, UNKNOWN.suffix) and (own := _SUFFIX.search(PurePosixPath(file.name).name)):
            suffix = own[0].lower()
        self._current.outputs.start(
            OutputFile(
                index=index,
                path=path.rename(path.with_name(f"{index}{suffix}")),
                mime_type=media.mime_type,
                thumbnail=media.thumbnail,
                width=media.width,
                height=media.height,
                frames=media.frames,
                duration_s=media.duration_s,
                recipe=self._recipe(),
            )
        )

    def _missing(self, file: ServerFile, refused: Refused) -> Failure:
        if refused.status != 404:
            return failure_of(refused)
        message = f"The output {file.name} is no longer on the server, where an earlier prompt had made it"
        return Failure(StepErrorCode.BACKEND, message, retryable=True)


def _files_of(output: Mapping[str, Any]) -> Iterator[ServerFile]:
    """Yield the files of an output under whatever name: `images`, `gifs`, `videos`, `audio`, `3d`."""
    for items in output.values():
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and isinstance(item.get("filename"), str):
                kind, subfolder = item.get("type", "output"), item.get("subfolder", "")
                if kind in ("output", "temp") and isinstance(subfolder, str):
                    yield ServerFile(item["filename"], subfolder, kind)


def _text_of(output: Mapping[str, Any]) -> str:
    texts = []
    for name in _TEXTS:
        value = output.get(name)
        texts += [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)]
    return _cut("\n".join(texts))


def _cut(text: str) -> str:
    return text.encode(errors="replace")[:_MAX_TEXT_BYTES].decode(errors="ignore")
