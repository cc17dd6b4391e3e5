"""Turns a question into the tokens of a chat, in which only the template contains control tokens."""

from typing import Any

from gpu_worker.pipelines.user_text import user_token_ids

_PLACE = "[the text of the user]"
"""Stands for the user's text while the template is rendered; it occurs in no instruction."""


def chat_token_ids(tokenizer: Any, instruction: str, text: str) -> list[int]:  # transformers is untyped
    """Return the tokens of a system turn, the user's turn, and the start of the answer."""
    turns = [{"role": "system", "content": instruction}, {"role": "user", "content": _PLACE}]
    rendered = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    ids: list[int] = []
    for number, part in enumerate(rendered.split(_PLACE)):
        if number:
            ids += user_token_ids(tokenizer, text)
        ids += tokenizer(part, add_special_tokens=False)["input_ids"]
    return ids
