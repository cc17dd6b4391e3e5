"""Names and paths of downloaded files."""

import mimetypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import urlsplit

from darkroom_client.errors import JobFailed
from darkroom_client.models.assets import Asset
from darkroom_client.models.jobs import Job, JobState

MAX_NAME_CHARS = 48
ID_CHARS = 8
EXTENSIONS = {"image": ".png", "video": ".mp4"}


def files_of(job: Job, folder: Path, limit: int | None) -> list[tuple[str, Path]]:
    """Return the URL and the path of each file, and create the folder. Raises `JobFailed` without outputs."""
    if job.status is JobState.FAILED and not job.assets:
        raise JobFailed(f"Job {job.id} failed: {job.error_message or 'no reason was given'}")
    folder.mkdir(parents=True, exist_ok=True)
    return [(url, folder / file_name(job, number, url)) for number, url in enumerate(job.assets[:limit], start=1)]


def file_name(job: Job, number: int, url: str) -> str:
    """Return a file name with the prompt and the end of the job's id, which is its random part."""
    words = _words(job.prompt or "") or _words(job.job_type) or "job"
    place = f"-{number}" if len(job.assets) > 1 else ""
    return f"{words}-{_words(job.id[-ID_CHARS:])}{place}{_extension(job, url)}"


def asset_file_name(asset: Asset) -> str:
    """Return a file name with the asset's job type, job and position in the job; of an upload, with its own id."""
    extension = mimetypes.guess_extension(asset.mime_type) or ""
    place = f"{asset.step + 1}-{asset.index + 1}" if asset.step else f"{asset.index + 1}"
    return f"{_words(asset.job_type)}-{_words((asset.job_id or asset.id)[-ID_CHARS:])}-{place}{extension}"


@contextmanager
def complete(file: Path) -> Iterator[BinaryIO]:
    """Yield a temporary file that is renamed to `file` when it is complete."""
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as target:
            yield target
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _words(text: str) -> str:
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")[:MAX_NAME_CHARS].strip("-")


def _extension(job: Job, url: str) -> str:
    in_url = PurePosixPath(urlsplit(url).path).suffix
    if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", in_url):
        return in_url
    return EXTENSIONS["video" if "video" in job.job_type else "image"]
