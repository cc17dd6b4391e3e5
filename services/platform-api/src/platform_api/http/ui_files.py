"""The built pages of the web UI: read once at startup, and served compressed as far as the browser accepts it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path

UI_PLUGINS, FILES = "darkroom.ui", "files"
"""Entry point of the package with the pages; returns their folder, or None if they have not been built."""
INDEX = "index.html"
HASHED = "ui/assets/"
"""Folder of the files whose names contain a hash of their content."""
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Content encodings in the order of preference, and the suffixes of the files that the build writes for them."""


@dataclass(frozen=True, slots=True)
class UiFile:
    """One file, with its compressed forms by content encoding."""

    content: bytes
    media_type: str
    tag: str
    is_hashed: bool
    compressed: Mapping[str, bytes] = field(default_factory=dict)

    def in_encoding(self, accepted: str) -> tuple[bytes, str | None]:
        """Return the content in the best encoding of an `Accept-Encoding` header, and that encoding."""
        names = {
            name.strip() for name, _, q in (part.partition(";") for part in accepted.split(",")) if not _is_zero(q)
        }
        for encoding, content in self.compressed.items():
            if encoding in names:
                return content, encoding
        return self.content, None


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip() in {"0", "0.0", "0.00", "0.000"}


def installed_ui() -> Path | None:
    """Return the folder of the built pages of the installed package; None without the package or the pages."""
    for plugin in entry_points(group=UI_PLUGINS, name=FILES):
        folder: Path | None = plugin.load()()
        return folder
    return None


def read_ui_files(folder: Path) -> dict[str, UiFile]:
    """Read all files of the pages, by their paths relative to the folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type is None or not path.is_file():
            continue
        name, content = path.relative_to(folder).as_posix(), path.read_bytes()
        compressed = {
            encoding: packed.read_bytes()
            for encoding, suffix in _ENCODINGS.items()
            if (packed := path.with_name(path.name + suffix)).is_file()
        }
        tag = hashlib.sha256(content).hexdigest()[:32]
        found[name] = UiFile(content, media_type, tag, name.startswith(HASHED), compressed)
    return found
