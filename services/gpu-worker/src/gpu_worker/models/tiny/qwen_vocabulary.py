"""Qwen 2.5's tokenizer and chat template, with the real vocabulary from the dashscope wheel."""

import base64
from typing import Any

from darkroom_chassis.logs import get_logger

from gpu_worker.models.tiny.wheel_data import printable_bytes, wheel_file

log = get_logger(__name__)

END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
_SPECIAL = (END_OF_TEXT, TURN_START, TURN_END)

# ChatML with the system message first. Qwen's own template adds tools, which prompt enhancement does not use.
_TEMPLATE = (
    "{%- if messages[0]['role'] != 'system' -%}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}"
    "{%- endif -%}"
    "{%- for message in messages -%}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}"
)

Ranks = dict[bytes, int]


def qwen_tokenizer() -> Any:  # tokenizers and transformers are untyped
    """Build Qwen's tokenizer; without the wheel every byte is one token."""
    from tokenizers import AddedToken
    from transformers import Qwen2Tokenizer

    spell = printable_bytes()
    ranks = _read_ranks()

    def spelled(token: bytes) -> str:
        return "".join(spell[byte] for byte in token)

    merges = [(spelled(left), spelled(right)) for left, right in _merges_of(ranks)]
    vocabulary = {spelled(token): rank for token, rank in ranks.items()}
    vocabulary |= {token: len(ranks) + place for place, token in enumerate(_SPECIAL)}
    tokenizer = Qwen2Tokenizer(
        vocab=vocabulary, merges=merges, eos_token=TURN_END, pad_token=END_OF_TEXT, model_max_length=32_768
    )
    tokenizer.add_tokens([AddedToken(token, special=True) for token in _SPECIAL])
    tokenizer.chat_template = _TEMPLATE
    return tokenizer


def _read_ranks() -> Ranks:
    path = wheel_file("dashscope", "resources", "qwen.tiktoken")
    if path is None:
        log.warning("The Qwen vocabulary is missing (install dashscope); tokenizing by bytes instead")
        return {bytes([byte]): byte for byte in range(256)}
    lines = (line.split() for line in path.read_bytes().splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def _merges_of(ranks: Ranks) -> list[tuple[bytes, bytes]]:
    """Recover the BPE merges, which a tiktoken file omits: for each token, the two parts that were merged last."""
    merges = []
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        parts = _merge_below(token, rank, ranks)
        if len(parts) == 2:
            merges.append((parts[0], parts[1]))
    return merges


def _merge_below(token: bytes, limit: int, ranks: Ranks) -> list[bytes]:
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        rank, place = min((ranks.get(parts[i] + parts[i + 1], limit), i) for i in range(len(parts) - 1))
        if rank >= limit:
            break
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return parts
