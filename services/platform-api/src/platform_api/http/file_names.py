"""Names of files for people and their programs."""

SUFFIXES = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpg", "video/mp4": "mp4"}


def file_name(asset_id: str, mime_type: str) -> str:
    """Name an asset's file by its id and kind."""
    return f"{asset_id}.{SUFFIXES.get(mime_type, 'bin')}"
