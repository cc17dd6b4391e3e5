"""Obtains the files of a model: downloads what is missing, then checks and hashes what is here. Blocks; no torch."""

import errno
import shutil
from collections.abc import Collection
from pathlib import Path

from darkroom_chassis.logs import get_logger
from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure
from gpu_worker.models.files import ModelFiles, find_model, with_own_vae
from gpu_worker.models.hub_cache import COMMIT, hub_cache, snapshot
from gpu_worker.models.hub_download import DamagedDownload, download, missing_bytes
from gpu_worker.models.hub_listing import Listing, fetch_listing, keep_listing, known_listing, wanted
from gpu_worker.models.registry import HubSource, ModelEntry, WeightType
from gpu_worker.models.transfer import Cancellation, Report

log = get_logger(__name__)


def obtain(entry: ModelEntry, models_dir: Path, report: Report, cancellation: Cancellation) -> ModelFiles:
    """Return the files of a model, which must not be a tiny one; downloads what is missing.

    Raises a MODEL_UNAVAILABLE Failure that says why they cannot be had, and Cancelled.
    """
    entry = with_own_vae(entry)
    for source, without in ((entry.vae, ()), (entry.source, () if entry.vae is None else ("vae",))):
        if isinstance(source, HubSource):
            _obtain_repo(source, without, entry, models_dir, report, cancellation)
    return find_model(entry, models_dir, cancellation.check)


def _obtain_repo(
    source: HubSource,
    without: Collection[str],
    entry: ModelEntry,
    models_dir: Path,
    report: Report,
    cancellation: Cancellation,
) -> None:
    half = entry.dtype is WeightType.FLOAT16
    listing = _listing(source, models_dir)
    if listing is None:
        return
    files = wanted(listing, source, half=half, without=without)
    if not files:
        raise _unavailable(f"{source.repo} has no files of the patterns {', '.join(source.files)}")
    missing = missing_bytes(source, listing.commit, files)
    _require_space(source, missing)
    if missing:
        log.info("Downloading a model", repo=source.repo, revision=listing.commit, missing_bytes=missing)
    try:
        download(source, listing.commit, files, report, cancellation)
    except DamagedDownload as error:
        raise _unavailable(str(error)) from error
    except OSError as error:
        raise _unavailable(_reason(source, error)) from error
    except _http_errors() as error:
        raise _unavailable(_reason(source, error)) from error
    keep_listing(source, listing, models_dir)


def _listing(source: HubSource, models_dir: Path) -> Listing | None:
    """Return the files of the revision. None if the hub does not answer and a snapshot is here: it is used as it is."""
    known = known_listing(source, models_dir)
    if known is not None and COMMIT.fullmatch(source.revision):
        return known
    try:
        return fetch_listing(source)
    except (OSError, ValueError) as error:
        problem: Exception = error
    except _http_errors() as error:
        problem = error
    if snapshot(source) is None:
        raise _unavailable(_reason(source, problem)) from problem
    log.warning("The hub does not answer; the downloaded files are used", repo=source.repo, reason=str(problem)[:200])
    return None


def _require_space(source: HubSource, missing: int) -> None:
    place = next(folder for folder in (hub_cache(), *hub_cache().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if missing > free:
        raise _unavailable(f"{source.repo}: {_gb(missing)} are missing, but {place} has {_gb(free)} free")


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _http_errors() -> tuple[type[Exception], ...]:
    from httpx2 import HTTPError, InvalidURL

    return HTTPError, InvalidURL


def _reason(source: HubSource, error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    match error:
        case GatedRepoError():
            why = "its licence must be accepted on its page, and HF_TOKEN must be set"
        case RepositoryNotFoundError():
            why = "the hub has no such repository, or HF_TOKEN gives no access to it"
        case RevisionNotFoundError():
            why = f"it has no revision {source.revision!r}"
        case HfHubHTTPError():
            why = f"the hub answered {error.response.status_code}"
        case OSError(errno=errno.ENOSPC):
            why = "the disk is full"
        case _:
            why = type(error).__name__
    return f"{source.repo} could not be downloaded: {why}"


def _unavailable(message: str) -> Failure:
    return Failure(StepErrorCode.MODEL_UNAVAILABLE, message, retryable=True)
