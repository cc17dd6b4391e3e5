"""Reduces the markdown of a short answer to one paragraph."""

import re

_FENCE_OR_RULE = re.compile(r"(?:```|~~~).*|(?:[-*_=]\s*){3,}")
_HEADING = re.compile(r"#{1,6}\s")
_STRONG_LINE = re.compile(r"(\*\*|__)([^*_]{1,60})\1:?")
_QUOTED = re.compile(r"(?:>\s?)+")
_ITEM = re.compile(r"(?:[-*+•‣–]|[0-9]{1,3}[.)])\s+")
_LINK = re.compile(r"!?\[([^\[\]]{1,500})\]\([^()\s]{1,500}\)")
_EMPHASIS = re.compile(r"(\*{1,3}|__|`{1,2}|~~)(?=\S)([^*`\n]{1,5000}?)(?<=\S)\1")
_UNDERLINED = re.compile(r"(?<!\w)_(?=\S)([^_\n]{1,5000})(?<=\S)_(?!\w)")
_ENDS = (".", ",", ";", ":", "!", "?", "…", "。", "，", "！", "？")


def one_paragraph(text: str) -> str:
    """Return the text of markdown without its markup, lines joined by spaces.

    Fences, rules, headings and a first line that ends in a colon are left out, unless nothing else remains. The items
    of a list follow each other, separated by commas where they have no punctuation.
    """
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for line in lines if line and not _FENCE_OR_RULE.fullmatch(line)]
    body = [line for line in kept if not _is_heading(line)] or kept
    if len(body) > 1 and _is_announcement(body[0]):
        body = body[1:]
    parts: list[str] = []
    for number, line in enumerate(body):
        plain = _plain(line)
        is_last = number == len(body) - 1
        if plain and _ITEM.match(line) and not plain.endswith(_ENDS):
            plain += "." if is_last else ","
        parts.append(plain)
    return " ".join(filter(None, parts))


def _is_heading(line: str) -> bool:
    strong = _STRONG_LINE.fullmatch(line)
    return bool(_HEADING.match(line)) or (strong is not None and not strong[2].rstrip().endswith((".", "!", "?")))


def _is_announcement(line: str) -> bool:
    return line.rstrip("*_ ").endswith(":") and len(line) <= 200 and not _ITEM.match(line)


def _plain(line: str) -> str:
    line = _HEADING.sub("", line, count=1) if _HEADING.match(line) else line
    for prefix in (_QUOTED, _ITEM):
        match = prefix.match(line)
        line = line[match.end() :] if match else line
    line = _LINK.sub(r"\1", line)
    line = _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", line))
    return _UNDERLINED.sub(r"\1", line).strip()
