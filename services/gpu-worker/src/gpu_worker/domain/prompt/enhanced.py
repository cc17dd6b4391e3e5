"""Extracts the enhanced prompt from the answer of a language model.

Models wrap the description that they were asked for: thoughts, a preamble, a heading, quotes, markdown, lists, a note
at the end. Some refuse, and some are cut at their limit of tokens.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from gpu_worker.domain.prompt.characters import tidy
from gpu_worker.domain.prompt.markdown import one_paragraph


class NotEnhanced(StrEnum):
    """Why a prompt was not enhanced, as the end of a sentence."""

    REFUSED = "the language model refused"
    EMPTY = "the language model wrote no description"


@dataclass(frozen=True, slots=True)
class Enhancement:
    """The text to use: the enhanced prompt, or the user's own because of `failure`."""

    text: str
    failure: NotEnhanced | None = None
    is_cut: bool = False
    """Whether the answer was longer than allowed."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the user should know about the text, in sentences."""
        if self.failure is not None:
            return (f"The prompt was not enhanced and is used as it was given: {self.failure.value}.",)
        if self.is_cut:
            return ("The enhanced prompt reached its limit and ends with its last whole sentence.",)
        return ()


_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_END_OF_THOUGHTS = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_SUBJECT = r"(?:prompt|description|version|paragraph|scene|image|picture|video|caption|result)"
_PREAMBLES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|no problem)[,.!:]+(?=\s|$)",
        r"(?:great|alright|ok|gladly|got it|understood)!+(?=\s|$)",
        r"(?:i'd|i would|i'll|i will) be (?:happy|glad) to\b[^.!?:]{0,150}[.!:]+(?=\s|$)",
        r"here (?:you go|it is)[.!:]+(?=\s|$)",
        rf"(?:here|below|this|the following)(?:'s| is| are)\b[^.:!?]{{0,150}}\b{_SUBJECT}s?\b[^.:!?]{{0,150}}:(?=\s|$)",
        rf"(?:here|below)(?:'s| is)\b[^.:!?]{{0,60}}\b{_SUBJECT}[.!](?=\s)",
        rf"(?:(?:the|your|enhanced|expanded|improved|detailed|revised|rewritten|final|image|video)\s+){{0,4}}"
        rf"(?:{_SUBJECT}|output|answer|text)\s*:(?=\s|$)",
    )
)
_REFUSAL = re.compile(
    r"i(?:'m| am) (?:very |really |so )?sorry\b|(?:very )?sorry(?:[,.!]| but\b| i\b)|my apologies\b|apologies[,.!]"
    r"|i (?:sincerely |must )?apologi[sz]e\b|(?:unfortunately|regrettably),? i\b"
    r"|i (?:can't|cannot|can not|won't|will not|couldn't|must decline|refuse to|don't feel|do not feel)\b"
    r"|i(?:'m| am) (?:not able|unable|not comfortable|not allowed)\b|as an? (?:ai|artificial|language model)\b"
    r"|(?:很|非常)?抱歉|对不起|我(?:无法|不能)|作为(?:一个|一名)?(?:ai|人工智能|语言模型)",
    re.IGNORECASE,
)
_NOTE_TO_THE_END = re.compile(r"[(\[*]*(?:notes?|disclaimer|explanation|negative prompt)\s*:", re.IGNORECASE)
_NOTE = re.compile(
    r"(?:please )?(?:let me know|feel free|don't hesitate)\b|(?:i )?hope (?:this|that|it|you)\b|would you like\b"
    r"|do you want me\b|if you(?:'d like| would like| want| need)\b|enjoy!|i(?:'ve| have) (?:added|included|kept)\b"
    r"|this (?:enhanced |expanded |detailed )?(?:prompt|description|version)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s|$)|[。！？]+[”’」』）]*")
_QUOTES = (('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"), ("«", "»"), ("「", "」"), ("『", "』"))
_MOST_LAYERS = 8


def read_answer(answer: str, *, prompt: str, was_cut: bool, max_characters: int) -> Enhancement:
    """Return the description of an answer in one paragraph, or `prompt` if the model refused or described nothing.

    `was_cut` says that the answer ended at its limit of tokens; its incomplete last sentence is then removed. An answer
    with more than `max_characters` is treated alike.
    """
    text = _without_preambles(tidy(one_paragraph(_without_thoughts(answer))))
    if _REFUSAL.match(_straight(text).lstrip("\"'“‘ ")):
        return Enhancement(prompt, NotEnhanced.REFUSED)
    is_cut = was_cut or len(text) > max_characters
    if is_cut:
        text = _whole_sentences(text[:max_characters])
    text = _unquoted(_without_notes(text))
    if not any(_is_content(character) for character in text):
        return Enhancement(prompt, NotEnhanced.EMPTY)
    return Enhancement(text, is_cut=is_cut)


def _without_thoughts(text: str) -> str:
    # Some chat templates open the thoughts, so that the answer only ends them.
    return _END_OF_THOUGHTS.split(_THOUGHTS.sub("", text))[-1]


def _without_preambles(text: str) -> str:
    for _ in range(_MOST_LAYERS):
        match = next(filter(None, (pattern.match(_straight(text)) for pattern in _PREAMBLES)), None)
        if match is None:
            break
        text = text[match.end() :].lstrip()
    return text


def _without_notes(text: str) -> str:
    starts = [0, *(match.end() for match in _SENTENCE_END.finditer(text))]
    sentences = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    for number, sentence in enumerate(sentences):
        if _NOTE_TO_THE_END.match(sentence.strip()):
            sentences = sentences[:number]
            break
    while sentences and (not sentences[-1].strip() or _NOTE.match(_straight(sentences[-1]).strip())):
        sentences.pop()
    return "".join(sentences).strip()


def _whole_sentences(text: str) -> str:
    """Remove the last sentence if it has no end; a text without any sentence end loses its last word."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    if ends and ends[-1] == len(text) and re.search(r"[0-9]\.$", text):
        ends.pop()  # the point of a cut number
    if ends:
        return text[: ends[-1]]
    return text.rpartition(" ")[0].rstrip(" ,;:-–—")


def _unquoted(text: str) -> str:
    """Remove the quotation marks around the whole text, and an opening one that was cut from its counterpart."""
    for _ in range(_MOST_LAYERS):
        for opening, closing in _QUOTES:
            if not text.startswith(opening):
                continue
            rest = text[1:]
            if not {opening, closing} & {*rest}:
                text = rest.lstrip()
                break
            if rest.endswith(closing) and not {opening, closing} & {*rest[:-1]}:
                text = rest[:-1].strip()
                break
        else:
            break
    return text


def _straight(text: str) -> str:
    """Return the text with straight apostrophes, in the same places."""
    return text.replace("’", "'")


def _is_content(character: str) -> bool:
    """Whether a character is more than punctuation: a letter or number of any script, or a pictograph."""
    return character.isalnum() or ord(character) >= 0x2190
