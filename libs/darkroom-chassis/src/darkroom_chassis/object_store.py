"""Opens an object store by its URL: a folder, S3, Google Cloud Storage or Azure."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from obstore.store import ObjectStore, from_url

if TYPE_CHECKING:
    from obstore.store import RetryConfig


def open_object_store(url: str, *, retry: "RetryConfig | None" = None) -> ObjectStore:
    """Open a store; raises obstore's BaseError. The folder of a `file:` URL is created, whichever service is first."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        Path(url2pathname(parts.path)).mkdir(parents=True, exist_ok=True)
        return from_url(url)
    return from_url(url, retry_config=retry)
