"""Parses the prompt syntax of A1111: weights, escapes, BREAK and LoRA tags.

    (text)         weight 1.1                [text]         weight 1 / 1.1
    (text:1.3)     weight 1.3                \\( \\) \\[ \\] \\\\  the character itself
    BREAK          the next chunk begins     <lora:name:weight>  a LoRA; no part of the text

Brackets nest, and their weights multiply. A bracket without its counterpart is text. Weights are limited to
`MAX_WEIGHT` in both directions. All other syntax of A1111 (`[from:to:when]`, `[a|b]`, `AND`, `<hypernet:...>`) is text.
The grammar is that of `parse_prompt_attention` in modules/prompt_parser.py of AUTOMATIC1111/stable-diffusion-webui,
except that A1111 lets an unmatched bracket weight the rest of the prompt, and reads BREAK outside brackets only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from darkroom_schemas.loras import MAX_WEIGHT, NUMBER, TAG, LoraTag, find_tags

_STEP = 1.1
_PLACES = 6


class Kind(Enum):
    """What a token of the syntax does."""

    TEXT = "text"
    ESCAPED = "escaped"
    OPEN = "open"
    CLOSE = "close"
    BREAK = "break"
    LORA = "lora"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; the sources of all tokens of a prompt join to the prompt."""

    kind: Kind
    source: str


@dataclass(frozen=True, slots=True)
class Span:
    """A text of one weight."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Prompt:
    """A parsed prompt: the spans of each section between BREAKs, at least one section, and the LoRA tags in order."""

    sections: tuple[tuple[Span, ...], ...]
    loras: tuple[LoraTag, ...] = ()

    @property
    def is_weighted(self) -> bool:
        """Return whether any text has another weight than 1."""
        return any(span.weight != 1.0 for section in self.sections for span in section)


_TOKEN = re.compile(
    rf"""
      (?P<escaped> \\[()\[\]\\] )
    | (?P<open>    [(\[] )
    | (?P<close>   \]|\)|:\s{{0,20}}{NUMBER}\s{{0,20}}\) )
    | (?P<lora>    {TAG} )
    | (?P<break>   \bBREAK\b )
    | (?P<text>    [^\\()\[\]:<B]+|. )
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a prompt, whose sources join to the prompt."""
    for match in _TOKEN.finditer(text):
        yield Token(Kind(match.lastgroup), match[0])


def parse_prompt(text: str) -> Prompt:
    """Parse a prompt; every text is valid."""
    found = list(tokens(text))
    factors = _factors(found)
    sections = [_Section()]
    loras: list[LoraTag] = []
    weights = [1.0]
    for place, token in enumerate(found):
        if token.kind is Kind.BREAK:
            sections.append(_Section())
        elif token.kind is Kind.LORA:
            loras += find_tags(token.source)
        elif place not in factors:
            literal = token.source[1:] if token.kind is Kind.ESCAPED else token.source
            sections[-1].add(literal, weights[-1])
        elif token.kind is Kind.OPEN:
            weights.append(_limited(weights[-1] * factors[place]))
        else:
            weights.pop()
    last = len(sections) - 1
    return Prompt(
        tuple(part.spans(after_break=place > 0, before_break=place < last) for place, part in enumerate(sections)),
        tuple(loras),
    )


def _factors(found: list[Token]) -> dict[int, float]:
    """Return the places of all brackets that have a counterpart, with the factor of the pair."""
    factors: dict[int, float] = {}
    waiting: list[int] = []
    unmatched = {"(": 0, "[": 0}
    for place, token in enumerate(found):
        if token.kind is Kind.OPEN:
            waiting.append(place)
            unmatched[token.source] += 1
        elif token.kind is Kind.CLOSE:
            opening = "[" if token.source == "]" else "("
            if not unmatched[opening]:
                continue
            while True:
                start = waiting.pop()
                unmatched[found[start].source] -= 1
                if found[start].source == opening:
                    break
            factors[start] = factors[place] = _factor(token.source)
    return factors


def _factor(closing: str) -> float:
    if closing == "]":
        return 1 / _STEP
    return float(closing[1:-1]) if closing.startswith(":") else _STEP


def _limited(weight: float) -> float:
    return max(-MAX_WEIGHT, min(MAX_WEIGHT, weight))


class _Section:
    """Collects the spans of one section; texts of one weight are one span, so that words stay whole."""

    def __init__(self) -> None:
        self._parts: list[tuple[list[str], float]] = []

    def add(self, text: str, weight: float) -> None:
        rounded = round(weight, _PLACES)
        if not self._parts or self._parts[-1][1] != rounded:
            self._parts.append(([], rounded))
        self._parts[-1][0].append(text)

    def spans(self, *, after_break: bool, before_break: bool) -> tuple[Span, ...]:
        """Return the spans without the white space around BREAK."""
        texts = [("".join(texts), weight) for texts, weight in self._parts]
        if after_break and texts:
            texts[0] = (texts[0][0].lstrip(), texts[0][1])
        if before_break and texts:
            texts[-1] = (texts[-1][0].rstrip(), texts[-1][1])
        return tuple(Span(text, weight) for text, weight in texts if text)
