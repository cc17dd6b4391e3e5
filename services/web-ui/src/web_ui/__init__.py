"""The built pages of the web UI. `make ui` builds them from the TypeScript beside this package."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"


def built_files() -> Path | None:
    """Return the folder of the built pages, or None if they have not been built."""
    return STATIC if (STATIC / "index.html").is_file() else None
