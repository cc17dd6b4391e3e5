"""Brings the input files of a job to the server."""

import hashlib
from pathlib import Path, PurePath

from darkroom_schemas.inputs import InputFile
from darkroom_schemas.remote_payloads import ComfyUIPayload

from gpu_worker.connectors.comfyui.client import ComfyClient
from gpu_worker.connectors.comfyui.graph import Graph, with_files
from gpu_worker.connectors.input_files import fetch_input
from gpu_worker.domain.ports import ObjectStore

_FOLDER = "darkroom"
"""Subfolder of the server's input folder. What is there is never deleted: the server cannot do it by its API."""


async def with_uploads(client: ComfyClient, store: ObjectStore, payload: ComfyUIPayload, folder: Path) -> Graph:
    """Upload the files of the payload and return its graph with the names that the server gave them.

    Files have names by their content, so the server keeps equal files once. Raises Failure and ServerFault.
    """
    names = {name: name for name in payload.inputs}
    with_files(payload.workflow, names)  # a file that no node uses is an error before anything is uploaded
    for name, file in payload.inputs.items():
        path = await fetch_input(store, f"inputs.{name}", file, folder)
        names[name] = await client.upload(path, _name(path, name, file), _FOLDER, file.mime_type)
    return with_files(payload.workflow, names)


def _name(path: Path, name: str, file: InputFile) -> str:
    with path.open("rb") as content:
        digest = file.sha256 or hashlib.file_digest(content, "sha256").hexdigest()
    return f"{digest[:24]}{PurePath(name).suffix}"
