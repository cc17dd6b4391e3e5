"""What a language model wraps around its description is removed; refusals leave the prompt as it was."""

import time

import pytest
from gpu_worker.domain.prompt.characters import tidy
from gpu_worker.domain.prompt.enhanced import Enhancement, NotEnhanced, read_answer
from hypothesis import given
from hypothesis import strategies as st

SCENE = "A tall lighthouse at dawn. Waves break against the rocks."
FAMILY = "👩‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿"


def read(answer: str, *, was_cut: bool = False, max_characters: int = 20_000) -> Enhancement:
    return read_answer(answer, prompt="a lighthouse", was_cut=was_cut, max_characters=max_characters)


@pytest.mark.parametrize(
    "answer",
    [
        SCENE,
        f"  {SCENE}\n",
        SCENE.replace(". ", ".\n\n"),
        f'"{SCENE}"',
        f"“{SCENE}”",
        f"“‘{SCENE}’”",
        f"Sure! {SCENE}",
        f"Certainly! Here is a detailed description: {SCENE}",
        f"Of course. Here’s the enhanced prompt for your image:\n\n{SCENE}",
        f'Okay, here is your prompt:\n"{SCENE}"\n\nLet me know if you’d like any changes!',
        f"I'd be happy to help! Here's a version:\n{SCENE}",
        f"Here you go:\n{SCENE}",
        f"Enhanced prompt: {SCENE}",
        f"**Enhanced Prompt:**\n\n{SCENE}",
        f"## Description\n\n{SCENE}",
        f"# A heading\n\n**{SCENE}**",
        f"```text\n{SCENE}\n```",
        f"> {SCENE}",
        f"---\n{SCENE}\n***",
        SCENE.replace("tall lighthouse", "**tall** _lighthouse_").replace("rocks", "`rocks`"),
        f"{SCENE}\n\nNote: I kept the lighthouse. I also added waves.",
        f"{SCENE} (Note: all details are kept.)",
        f"{SCENE} I hope this helps! Feel free to ask.",
        f"{SCENE}\n\nThis description keeps the subject and adds light.",
        f"{SCENE}\n\nNegative prompt: blurry, dark",
        f"<think>The user wants\n\na lighthouse.</think>\n\n{SCENE}",
        f"The user wants a lighthouse.</think>{SCENE}",
        f"<THINK>short</THINK> Sure, here's the prompt: {SCENE}",
    ],
)
def test_only_the_description_is_left(answer: str) -> None:
    assert read(answer) == Enhancement(SCENE)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("- a tall lighthouse\n- waves\n- fog", "a tall lighthouse, waves, fog."),
        ("1. A lighthouse.\n2) Waves break.", "A lighthouse. Waves break."),
        ("* **Setting:** a cliff\n* **Light:** dawn", "Setting: a cliff, Light: dawn."),
        ("Here are the details:\n\n- a cliff", "a cliff."),
        ("See [the cliff](https://example.org/a) at dawn", "See the cliff at dawn"),
    ],
)
def test_lists_and_links_become_a_paragraph(answer: str, text: str) -> None:
    assert read(answer) == Enhancement(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sure-footed goats climb a cliff, in fog.",
        "Great waves crash: foam, wind and spray.",
        'A sign says "closed" and a door says "open"',
        "Here, the river bends. It is a cold morning.",
        "A woman writes a note: her hand is steady.",
        "An image of 3 * 4 * 5 cubes, snake_case_letters on a wall.",
        "A photo at f/1.8, 35mm, 5:4 (golden hour)",
        "灯塔在黎明。海浪拍打岩石。",
        f"A family {FAMILY} at the beach",
        "می‌خواهم",
    ],
)
def test_a_description_that_only_looks_like_an_answer_stays(text: str) -> None:
    assert read(text) == Enhancement(text)


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I cannot create this description.",
        "Sorry, I can't do that.",
        "I cannot assist with this request. However, here is a lighthouse.",
        "I can't create explicit content.",
        "Unfortunately, I am not able to do this.",
        "I apologize, but this is not possible.",
        '"I\'m sorry, but no."',
        "As an AI language model, I do not write such text.",
        "<think>Hm.</think>I'm unable to help.",
        "很抱歉，我无法帮助您。",
        "Sure! I won't do this.",
    ],
)
def test_a_refusal_leaves_the_prompt_as_it_was(answer: str) -> None:
    assert read(answer) == Enhancement("a lighthouse", NotEnhanced.REFUSED)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n",
        "...",
        '""',
        "Sure!",
        "Here is the prompt:",
        "<think>and so on",
        "```\n```",
        "\0\ufffd",
        "I hope this helps!",
    ],
)
def test_an_answer_without_a_description_leaves_the_prompt_as_it_was(answer: str) -> None:
    assert read(answer) == Enhancement("a lighthouse", NotEnhanced.EMPTY)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (f"{SCENE} A gull cir", SCENE),
        (f'"{SCENE} A gull cir', SCENE),
        (SCENE, SCENE),
        (f"{SCENE} The lens is at f/1.", SCENE),
        (f"{SCENE} The lens is at f/1.8, and", SCENE),
        ("A tall lighthouse, waves, a gu", "A tall lighthouse, waves, a"),
        ("灯塔在黎明。海浪拍打", "灯塔在黎明。"),
        (f"{SCENE} Note: this is", SCENE),
    ],
)
def test_a_cut_answer_ends_with_its_last_whole_sentence(answer: str, text: str) -> None:
    assert read(answer, was_cut=True) == Enhancement(text, is_cut=True)


def test_an_answer_beyond_the_limit_is_cut_too() -> None:
    assert read(f"{SCENE} {SCENE}", max_characters=len(SCENE) + 9) == Enhancement(SCENE, is_cut=True)


def test_notes_say_what_happened_to_the_prompt() -> None:
    assert read(SCENE).notes == ()
    assert "last whole sentence" in read(SCENE, was_cut=True).notes[0]
    assert read("I'm sorry, no.").notes == (
        "The prompt was not enhanced and is used as it was given: the language model refused.",
    )


@pytest.mark.parametrize("piece", ["<think>", "</think>", "*", "__a", "...", ".x", "[a](", "> ", "- ", "here is ", '"'])
def test_long_answers_of_one_piece_are_read_quickly(piece: str) -> None:
    started = time.process_time()
    read(piece * (20_000 // len(piece)))
    assert time.process_time() - started < 2


def test_a_cut_thought_is_no_description() -> None:
    assert read("<think>A lighthouse. Waves", was_cut=True).failure is NotEnhanced.EMPTY


@given(st.text(max_size=400), st.booleans())
def test_every_answer_is_read(answer: str, was_cut: bool) -> None:
    result = read_answer(answer, prompt="a lighthouse", was_cut=was_cut, max_characters=300)
    assert result.text
    assert len(result.text) <= 300
    assert result.text == tidy(result.text)
    assert (result.text == "a lighthouse") or result.failure is None


SENTENCES = st.lists(
    st.sampled_from(
        ["Waves break at dawn.", "A gull circles!", "Fog?", "The lamp, 5 m wide, turns…", f"Two {FAMILY}."]
    ),
    min_size=1,
    max_size=8,
).map(" ".join)


@given(
    SENTENCES,
    st.sampled_from(["", "Sure! ", "Here is the prompt: ", "<think>x</think>", "# Scene\n\n", "> "]),
    st.sampled_from(["", " Let me know if it fits!", "\n\nNote: done. Really."]),
    st.sampled_from(['"', ""]),
)
def test_a_wrapped_description_is_read_back(scene: str, before: str, after: str, quote: str) -> None:
    assert read(f"{before}{quote}{scene}{quote}{after}") == Enhancement(scene)


@given(st.text())
def test_tidying_keeps_letters_emoji_and_joiners_and_is_done_once(text: str) -> None:
    once = tidy(f"a{text}{FAMILY}")
    assert tidy(once) == once
    assert once.endswith(FAMILY)
    assert [c for c in once if c.isalnum()] == [c for c in f"a{text}" if c.isalnum()]


@pytest.mark.parametrize("code", [0x202E, 0xFEFF, 0x2066, 0x07, 0xD800, 0xE000, 0xFFFD, 0x200B])
def test_what_turns_text_around_or_cannot_be_shown_is_removed(code: int) -> None:
    assert tidy(f"a{chr(code)}b") == "ab"


def test_pictographs_of_later_unicode_versions_stay() -> None:
    assert tidy("a \U0001faea") == "a \U0001faea"
