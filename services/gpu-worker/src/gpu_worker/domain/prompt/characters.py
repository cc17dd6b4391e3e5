"""Removes characters that cannot be shown, and keeps those that emoji and scripts are composed of."""

import unicodedata

_JOINERS = frozenset({"\u200c", "\u200d"})
_EMOJI_TAGS = (0xE0020, 0xE007F)
_EMOJI = (0x1F000, 0x1FAFF)
"""Blocks of pictographs. Those of a Unicode version after Python's own are unassigned to `unicodedata`."""


def tidy(text: str) -> str:
    """Return a text on one line, without control characters and with single spaces.

    Of the format characters (category Cf), joiners and emoji tags stay; others, such as those that change the
    direction of text, are removed. So are surrogates, private and unassigned characters, and U+FFFD.
    """
    spaced = (" " if character.isspace() else character for character in text)
    return " ".join("".join(filter(_is_shown, spaced)).split())


def _is_shown(character: str) -> bool:
    if character == "\ufffd":
        return False
    if unicodedata.category(character)[0] != "C" or character in _JOINERS:
        return True
    code = ord(character)
    return any(first <= code <= last for first, last in (_EMOJI_TAGS, _EMOJI))
