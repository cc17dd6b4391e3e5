"""The folder for downloads, checked before a job is submitted and paid."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from darkroom_client.errors import InvalidRequest

OutputOption = Annotated[Path, typer.Option("--output", "-o", help="Folder for the files. Created if it is missing.")]
DEFAULT_OUTPUT = Path("darkroom-output")


def make_writable(folder: Path) -> None:
    """Create the folder. Raises `InvalidRequest` if files can't be saved there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidRequest(
            f"No files can be saved in {folder}: {reason}. Choose another folder with --output."
        ) from None
