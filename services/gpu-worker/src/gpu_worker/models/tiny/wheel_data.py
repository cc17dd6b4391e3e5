"""Finds data files inside installed wheels without importing the packages."""

from importlib.util import find_spec
from pathlib import Path


def wheel_file(package: str, *parts: str) -> Path | None:
    """Return a file of an installed package, or None if the package or the file is missing."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], *parts)
    return path if path.is_file() else None


def printable_bytes() -> dict[int, str]:
    """Map every byte to a printable character, as byte-level BPE vocabularies write their tokens.

    The vocabularies fix the order: first the printable Latin-1 bytes, then the other bytes, mapped to U+0100 and up.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    spelled = {byte: chr(byte) for byte in plain}
    hidden = [byte for byte in range(0x100) if byte not in spelled]
    return spelled | {byte: chr(0x100 + place) for place, byte in enumerate(hidden)}
