"""Brings the input files of a step from the object store to this machine."""

from pathlib import Path

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.inputs import InputFile

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import ObjectStore


async def fetch_input(store: ObjectStore, field: str, file: InputFile, folder: Path) -> Path:
    """Write an input file into a folder and return its path.

    Raises an INVALID_PAYLOAD Failure that names the field if the object is missing or is not the one that was meant,
    and a STORAGE Failure if the store refuses.
    """
    path = folder / f"input-{len(list(folder.iterdir()))}"
    try:
        stored = await store.get(file.key, path, file.size_bytes)
    except LookupError as missing:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"{field}: the file {missing}") from missing
    if stored.size_bytes != file.size_bytes or file.sha256 not in (None, stored.sha256):
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"{field}: the stored file is not the one that the job was given")
    return path
