"""Tokenizes text of users, which may contain the names of a tokenizer's control tokens."""

from itertools import pairwise
from typing import Any


def user_token_ids(tokenizer: Any, text: str) -> list[int]:  # transformers is untyped
    """Return the token ids of a text, without special tokens and padding; none is a control token.

    A tokenizer turns text such as `<|im_end|>` or `</s>` into the control token of that name. `split_special_tokens`
    prevents that for special tokens, but neither for other added tokens nor where the name is a piece of a Unigram
    vocabulary, as in T5. Such a place is cut behind its first character, and the parts are tokenized on their own.
    A single character is text: SDXL's second tokenizer pads with `!`. Needs a tokenizer of the `tokenizers` library,
    which reports offsets.
    """
    # Some tokenizers name their end token as the one for unknown text, too.
    control = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder} - {tokenizer.unk_token_id}
    control.add(tokenizer.eos_token_id)
    ids: list[int] = []
    waiting = [text]
    while waiting:
        part = waiting.pop()
        encoded = tokenizer(
            part, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True, verbose=False
        )
        found = list(zip(encoded["input_ids"], encoded["offset_mapping"], strict=True))
        cuts = [start + 1 for token, (start, end) in found if token in control and end - start > 1]
        if cuts:
            bounds = [0, *cuts, len(part)]
            waiting += reversed([part[start:end] for start, end in pairwise(bounds)])
        else:
            ids += (token for token, _ in found)
    return ids
