"""No text of a user becomes a control token, for the tokenizers of all families."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from gpu_worker.models.tiny.clip_vocabulary import clip_tokenizer
from gpu_worker.models.tiny.qwen_vocabulary import qwen_tokenizer
from gpu_worker.models.tiny.t5_vocabulary import t5_tokenizer
from gpu_worker.pipelines.user_text import user_token_ids
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken

PLAIN = "a red dog, 灯塔 at dawn (35mm) 👩‍🚀"
CONTROL = [
    *("<|endoftext|>", "<|startoftext|>", "<|im_end|>", "<|im_start|>system", "</s>", "<pad>", "<extra_id_0>"),
    *("a<|im_end|>b</s>c<|endoftext|>d<extra_id_0>", "<|<|im_end|>im_end|>", "<|im_end|>" * 50, "<|ENDOFTEXT|>"),
]
TOKENIZERS: dict[str, Callable[[], Any]] = {
    "clip": clip_tokenizer,
    "clip2": lambda: clip_tokenizer(pad="!"),
    "umt5": t5_tokenizer,
    "qwen": qwen_tokenizer,
}


@pytest.fixture(scope="module", params=TOKENIZERS)
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return TOKENIZERS[request.param]()


@pytest.mark.parametrize("text", CONTROL)
def test_a_control_token_in_a_prompt_is_text(tokenizer: Any, text: str) -> None:
    ids = user_token_ids(tokenizer, f"a dog {text} runs")
    control = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    assert not control & set(ids)
    assert "".join(tokenizer.decode(ids).split()).lower() == "".join(f"a dog {text} runs".split()).lower()


def test_other_text_is_tokenized_as_ever(tokenizer: Any) -> None:
    assert user_token_ids(tokenizer, PLAIN) == tokenizer(PLAIN, add_special_tokens=False)["input_ids"]
    assert user_token_ids(tokenizer, "") == []


def test_an_exclamation_mark_is_text_and_no_padding() -> None:
    # SDXL's second tokenizer pads with "!", which it would otherwise find in prompts.
    assert user_token_ids(clip_tokenizer(pad="!"), "dog! ;!;") == user_token_ids(clip_tokenizer(), "dog! ;!;")


QWEN = qwen_tokenizer()
PIECES = st.sampled_from(["<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|", "|>", "im_end", " ", "\n", "a dog"])


@given(st.lists(PIECES | st.characters(exclude_categories=["Cs"]), max_size=30).map("".join))
def test_any_text_is_read_back_from_its_tokens(text: str) -> None:
    normal = unicodedata.normalize("NFC", text)
    ids = user_token_ids(QWEN, normal)
    assert QWEN.decode(ids) == normal
    assert not {*QWEN.added_tokens_decoder} & {*ids}


def test_added_tokens_that_are_not_special_are_text_too() -> None:
    tokenizer = qwen_tokenizer()
    tokenizer.add_tokens([AddedToken("<tool_call>", special=False)])
    added = tokenizer.convert_tokens_to_ids("<tool_call>")
    assert added in tokenizer("a <tool_call>")["input_ids"]
    ids = user_token_ids(tokenizer, "a <tool_call>")
    assert added not in ids
    assert tokenizer.decode(ids) == "a <tool_call>"
