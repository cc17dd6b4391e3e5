"""The tokens of a chat around a text of the user. Only the template contains control tokens."""

from typing import Any

from gpu_worker.pipelines.user_text import user_token_ids

_PLACE = "[the text of the user]"
"""Stands for the user's text while the template is rendered; it occurs in no instruction."""


def chat_frame(tokenizer: Any, instruction: str | None = None, **options: Any) -> tuple[list[int], list[int]]:
    """Return the tokens before the user's text, a system turn with the instruction included, and those behind it.

    The last ones begin the answer. `options` are those of the template. Tokenizers of transformers are untyped.
    """
    turns = [] if instruction is None else [{"role": "system", "content": instruction}]
    turns.append({"role": "user", "content": _PLACE})
    rendered = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False, **options)
    before, _, after = rendered.partition(_PLACE)
    return _plain_ids(tokenizer, before), _plain_ids(tokenizer, after)


def chat_token_ids(tokenizer: Any, instruction: str, text: str) -> list[int]:
    """Return the tokens of a system turn, the user's turn, and the start of the answer."""
    before, after = chat_frame(tokenizer, instruction)
    return [*before, *user_token_ids(tokenizer, text), *after]


def _plain_ids(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids
