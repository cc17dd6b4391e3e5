"""Saves what a job made, under names that say what it was."""

import re
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from darkroom_client.client import Client
from darkroom_client.models import Job

MAX_NAME_CHARS = 48
ID_CHARS = 8
EXTENSIONS = {"image": ".png", "video": ".mp4"}


def save(client: Client, job: Job, folder: Path, *, limit: int | None = None) -> list[Path]:
    """Download the job's files, or the first `limit` of them, and return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = []
    for number, url in enumerate(job.assets[:limit], start=1):
        file = folder / file_name(job, number, url)
        client.download(url, file)
        saved.append(file)
    return saved


def file_name(job: Job, number: int, url: str) -> str:
    """Name a file after its prompt and job: the last characters of the id are the random ones."""
    words = re.sub(r"[^\w]+", "-", (job.prompt or job.job_type).lower()).strip("-")[:MAX_NAME_CHARS].strip("-")
    place = f"-{number}" if len(job.assets) > 1 else ""
    return f"{words or job.job_type}-{job.id[-ID_CHARS:]}{place}{_extension(job, url)}"


def _extension(job: Job, url: str) -> str:
    in_url = PurePosixPath(urlsplit(url).path).suffix
    return in_url or EXTENSIONS["video" if "video" in job.job_type else "image"]
