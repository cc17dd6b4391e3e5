"""Recognizes kinds of files by their first bytes, as the standards of the formats define them."""

from dataclasses import dataclass
from pathlib import Path

_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file; `suffix` begins with a dot."""

    mime_type: str
    suffix: str

    @property
    def family(self) -> str:
        """Return the part of the MIME type before the slash: `image`, `video`, `audio`, `text` or `application`."""
        return self.mime_type.partition("/")[0]


TEXT = Kind("text/plain", ".txt")
UNKNOWN = Kind("application/octet-stream", ".bin")
_BY_START = (
    (b"\x89PNG\r\n\x1a\n", Kind("image/png", ".png")),
    (b"\xff\xd8\xff", Kind("image/jpeg", ".jpg")),
    (b"GIF87a", Kind("image/gif", ".gif")),
    (b"GIF89a", Kind("image/gif", ".gif")),
    (b"II*\x00", Kind("image/tiff", ".tiff")),
    (b"MM\x00*", Kind("image/tiff", ".tiff")),
    (b"fLaC", Kind("audio/flac", ".flac")),
    (b"OggS", Kind("audio/ogg", ".ogg")),
    (b"ID3", Kind("audio/mpeg", ".mp3")),
    (b"glTF", Kind("model/gltf-binary", ".glb")),
    (b"%PDF-", Kind("application/pdf", ".pdf")),
)
_OF_RIFF = {
    b"WEBP": Kind("image/webp", ".webp"),
    b"WAVE": Kind("audio/wav", ".wav"),
    b"AVI ": Kind("video/x-msvideo", ".avi"),
}
_OF_BRAND = {
    b"avif": Kind("image/avif", ".avif"),
    b"avis": Kind("image/avif", ".avif"),
    b"M4A ": Kind("audio/mp4", ".m4a"),
    b"qt  ": Kind("video/quicktime", ".mov"),
}


def kind_of(path: Path) -> Kind:
    """Return the kind of a file."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for start, kind in _BY_START:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return _OF_RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _OF_BRAND.get(head[8:12], Kind("video/mp4", ".mp4"))
    if head[:4] == b"\x1aE\xdf\xa3":
        return Kind("video/webm", ".webm") if b"webm" in head[:64] else Kind("video/x-matroska", ".mkv")
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # a frame of MPEG layer III
        return Kind("audio/mpeg", ".mp3")
    return TEXT if _is_text(head) else UNKNOWN


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return len(head) == _HEAD and error.start > _HEAD - 4  # a character that was cut
    return True
