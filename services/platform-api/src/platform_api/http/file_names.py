"""File names of assets."""

SUFFIXES = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpg", "video/mp4": "mp4"}


def file_name(asset_id: str, mime_type: str) -> str:
    """Return the file name of an asset: its id and an extension."""
    return f"{asset_id}.{suffix_of(mime_type)}"


def suffix_of(mime_type: str) -> str:
    """Return the extension of a MIME type, without a point."""
    return SUFFIXES.get(mime_type, "bin")
