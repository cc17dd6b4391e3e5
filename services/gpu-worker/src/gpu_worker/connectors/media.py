"""Finds out what a file is by its content: type, size in pixels, frames, duration, and a thumbnail."""

from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from gpu_worker.connectors.file_kinds import Kind, kind_of

LONGEST_SIDE = 384
_QUALITY, _EFFORT = 80, 2
"""Of WebP. More effort takes twice as long for files of the same size."""
_MAX_PIXELS = 100_000_000
"""Images with more pixels get no thumbnail, since decoding them takes more memory than a worker of back ends has."""
_MAX_FRAMES = 2_000
"""Frames of an animation whose durations are added up."""
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit warns or raises when a file is opened; here it is known, not decoded


class UnreadableMedia(Exception):
    """The file is not what its first bytes say, or it is cut; the text is the type that it should be."""


@dataclass(frozen=True, slots=True)
class Media:
    """A file. Sizes in pixels; None where this kind of file has none, or does not say."""

    mime_type: str
    suffix: str
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    duration_s: float | None = None
    thumbnail: Path | None = None


def inspect(path: Path) -> Media:
    """Return what a file is, with a thumbnail beside it for an image or video. Blocks; raises UnreadableMedia.

    A file of an unknown kind is `text/plain` if it is UTF-8, otherwise `application/octet-stream`.
    """
    kind = kind_of(path)
    media = Media(kind.mime_type, kind.suffix)
    try:
        match kind.family:
            case "image":
                return _image(path, media)
            case "video" | "audio":
                return _stream(path, kind, media)
    except UnreadableMedia:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UnreadableMedia(kind.mime_type) from error
    return media


def write_thumbnail(image: Image.Image, path: Path) -> None:
    """Write a WebP of at most 384 pixels a side; transparency is kept."""
    # Of a JPEG, only as many pixels as are needed are decoded.
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    small = ImageOps.exif_transpose(image)
    if small.mode not in ("RGB", "RGBA"):
        small = small.convert("RGBA" if small.has_transparency_data else "RGB")
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    small.save(path, "WEBP", quality=_QUALITY, method=_EFFORT)


def _image(path: Path, media: Media) -> Media:
    with Image.open(path) as image:
        width, height = image.size
        media = replace(media, width=width, height=height)
        if width * height > _MAX_PIXELS:
            return media
        frames, duration_s = _animation(image)
        image.seek(0)
        thumbnail = _beside(path)
        write_thumbnail(image, thumbnail)
    return replace(media, frames=frames, duration_s=duration_s, thumbnail=thumbnail)


def _animation(image: Image.Image) -> tuple[int | None, float | None]:
    """Return the number of frames of an animation and its duration, or None for a still."""
    frames = getattr(image, "n_frames", 1)
    if frames == 1:
        return None, None
    total_ms = 0.0
    for number in range(min(frames, _MAX_FRAMES)):
        image.seek(number)
        image.load()  # WebP has the duration of a frame only then
        total_ms += image.info.get("duration", 0)
    complete = frames <= _MAX_FRAMES and total_ms > 0
    return frames, round(total_ms / 1000, 3) if complete else None


def _stream(path: Path, kind: Kind, media: Media) -> Media:
    import av  # 30 MB of libraries, needed for few jobs

    try:
        with av.open(str(path)) as container:
            duration_s = None if container.duration is None else container.duration / av.time_base
            if not container.streams.video or kind.family == "audio":
                if not container.streams.audio:
                    raise UnreadableMedia(media.mime_type)
                audio = f"audio/{media.mime_type.partition('/')[2]}"
                return replace(media, mime_type=audio, duration_s=duration_s and round(duration_s, 3))
            stream = container.streams.video[0]
            rate = float(stream.average_rate) if stream.average_rate else None
            frames = stream.frames or (round(duration_s * rate) if duration_s and rate else None)
            poster = next(container.decode(stream)).to_image()  # type: ignore[no-untyped-call] # PyAV's stubs
    except (av.FFmpegError, StopIteration) as error:
        raise UnreadableMedia(media.mime_type) from error
    thumbnail = _beside(path)
    write_thumbnail(poster, thumbnail)
    return replace(
        media,
        width=stream.width,
        height=stream.height,
        frames=frames,
        duration_s=duration_s and round(duration_s, 3),
        thumbnail=thumbnail,
    )


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.thumbnail.webp")
