"""File names of assets."""

SUFFIXES = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpg", "video/mp4": "mp4"}


def file_name(asset_id: str, mime_type: str) -> str:
    """Return the file name of an asset: its id and an extension."""
    return f"{asset_id}.{SUFFIXES.get(mime_type, 'bin')}"
