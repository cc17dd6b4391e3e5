"""The prompt syntax of A1111: weights, escapes, BREAK and LoRA tags. Every text can be read."""

import re

import pytest
from darkroom_schemas.loras import MAX_WEIGHT, LoraTag
from gpu_worker.domain.prompt.syntax import Prompt, Span, parse_prompt, tokens
from hypothesis import given
from hypothesis import strategies as st

LESS = round(1 / 1.1, 6)


def spans(text: str) -> list[tuple[str, float]]:
    [section] = parse_prompt(text).sections
    return [(span.text, span.weight) for span in section]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", [("plain text", 1.0)]),
        ("", []),
        ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
        ("((sky))", [("sky", 1.21)]),
        ("(house:1.3)", [("house", 1.3)]),
        ("(house : 1.3 )", [("house ", 1.3)]),
        ("(house:.5)", [("house", 0.5)]),
        ("(house:-1)", [("house", -1.0)]),
        ("[fog]", [("fog", LESS)]),
        ("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))))", [
            ("a ", 1.0), ("house", 1.573), (" ", 1.1), ("on", 1.0), (" a ", 1.1), ("hill", 0.55), (", sun, ", 1.1),
            ("sky", 1.4641),
        ]),
        ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
    ],
)  # fmt: skip
def test_weights_multiply_inside_brackets(text: str, expected: list[tuple[str, float]]) -> None:
    assert spans(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\(literal\]", [("(literal]", 1.0)]),
        (r"(a\))", [("a)", 1.1)]),
        (r"(\(a\):1.3)", [("(a)", 1.3)]),
        (r"a\\(b)", [("a\\", 1.0), ("b", 1.1)]),
        (r"C:\folder", [("C:\\folder", 1.0)]),
    ],
)
def test_escaped_characters_are_text(text: str, expected: list[tuple[str, float]]) -> None:
    assert spans(text) == expected


@pytest.mark.parametrize("text", ["(unbalanced", "unbalanced)", "[", "]", ":1.3)", ")(", "][", "(a]", "[a:1.3)"])
def test_brackets_without_a_counterpart_are_text(text: str) -> None:
    assert spans(text) == [(text, 1.0)]


def test_an_unbalanced_bracket_inside_a_pair_is_text_of_its_weight() -> None:
    assert spans("(smile :[ now)") == [("smile :[ now", 1.1)]


@pytest.mark.parametrize("text", ["at 10:30", "(a:b)", "(a:1e5)", "(a:1.2.3)", "(a:)", "ratio 16:9, B-movie, <b>"])
def test_what_is_no_weight_is_text(text: str) -> None:
    assert "".join(word for word, _ in spans(text)) == text.strip("()")


@pytest.mark.parametrize(("text", "weight"), [("(a:999)", MAX_WEIGHT), ("(a:-999)", -MAX_WEIGHT), ("(a:0)", 0.0)])
def test_weights_are_limited(text: str, weight: float) -> None:
    assert spans(text) == [("a", weight)]
    assert spans("(" * 5000 + "a" + ")" * 5000) == [("a", MAX_WEIGHT)]


def test_break_begins_a_section_and_keeps_the_weight_of_its_brackets() -> None:
    assert parse_prompt("a BREAK b, (c BREAK d:1.2)").sections == (
        (Span("a"),),
        (Span("b, "), Span("c", 1.2)),
        (Span("d", 1.2),),
    )
    assert parse_prompt("BREAKFAST, break, a_BREAK").sections == ((Span("BREAKFAST, break, a_BREAK"),),)
    assert parse_prompt("BREAK").sections == ((), ())


def test_lora_tags_are_apart_from_the_text() -> None:
    prompt = parse_prompt("a (cat<lora:my (best) one:0.8>:1.2) <lora:other> <lora:bad:x> <lora::1>")
    assert prompt.loras == (
        LoraTag("my (best) one", 0.8, "<lora:my (best) one:0.8>"),
        LoraTag("other", 1.0, "<lora:other>"),
    )
    assert prompt.sections == ((Span("a "), Span("cat", 1.2), Span("  <lora:bad:x> <lora::1>")),)


def test_only_another_weight_than_one_makes_a_prompt_weighted() -> None:
    assert not parse_prompt("a (b:1) c").is_weighted
    assert parse_prompt("a (b) c").is_weighted


SYNTAX = st.text(st.sampled_from("()[]\\:.<>-+ 019aB") | st.characters(), max_size=200) | st.lists(
    st.sampled_from(["(", ")", "[", "]", "\\", ":1.3)", ":x)", "BREAK", " ", "cat", "<lora:a:1>", "<lora:", "灯"])
).map("".join)


@given(SYNTAX)
def test_every_text_is_read_and_the_tokens_join_back_to_it(text: str) -> None:
    assert "".join(token.source for token in tokens(text)) == text
    prompt = parse_prompt(text)
    assert prompt.sections
    assert all(span.text and abs(span.weight) <= MAX_WEIGHT for section in prompt.sections for span in section)


@given(SYNTAX)
def test_an_escaped_text_is_read_back_as_it_is(text: str) -> None:
    plain = text.replace("BREAK", "break").replace("<lora:", "<")
    escaped = re.sub(r"([\\()\[\]])", r"\\\1", plain)
    assert parse_prompt(escaped) == Prompt(((Span(plain),),) if plain else ((),))
