"""Recognizes files that are no safetensors files, by their first bytes."""

_STARTS = {
    b"PK\x03\x04": "a pickled PyTorch checkpoint (.ckpt or .pt), which could run code",
    b"\x80\x02": "a pickled PyTorch checkpoint (.ckpt or .pt), which could run code",
    b"GGUF": "a GGUF file",
    b"version https://git-lfs": "a Git LFS pointer: run `git lfs pull` in its repository",
}
_MARKUP = (b"<!doctype html", b"<html", b"<?xml")
_MAX_SHOWN = 60


def damage_of(start: bytes, size_bytes: int, expected_bytes: int | None) -> str | None:
    """Return what is wrong with a file that should be a safetensors file; None if nothing is.

    `start` are its first 100 bytes or more, `expected_bytes` is the size that its header states, None if it has none.
    """
    if not size_bytes:
        return "an empty file"
    if expected_bytes is not None:  # first: the length of a valid header may look like one of the signatures
        if size_bytes < expected_bytes:
            return f"cut: it has {size_bytes} of {expected_bytes} bytes, so download it again"
        return f"damaged: it has {size_bytes} bytes, not {expected_bytes}" if size_bytes > expected_bytes else None
    for prefix, what in _STARTS.items():
        if start.startswith(prefix):
            return what
    head = start.lstrip().lower()
    if head.startswith(_MARKUP):
        return "a web page: its download was probably answered with a page to log in or to accept a licence"
    if head.startswith(b"{"):
        return f"a JSON text, such as a server's error: {_shown(start)}"
    return "not a safetensors file"


def _shown(start: bytes) -> str:
    return start[:_MAX_SHOWN].decode("utf-8", "replace")
