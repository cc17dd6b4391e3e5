"""A small UMT5-like tokenizer of common words and ASCII characters; no package ships the real one (256,000 pieces)."""

import math
from collections import Counter
from typing import Any

_SENTINELS = 100
_LETTER_SCORE = -12.0
_SENTENCES = """
a woman walking in a garden at sunset, cinematic lighting, sharp focus, 35mm photo
a red circle on a blue background, a green square, slow camera pan, golden hour
portrait of an old man, studio light, film grain, close-up, soft shadows
a dog runs along the beach, waves, wind, handheld camera, wide shot
a neon city at night, rain, reflections, tracking shot, mist
macro shot of a flower, mountain lake in the morning fog, a lighthouse at dawn
"""


def t5_tokenizer() -> Any:  # transformers is untyped
    """Build a Unigram tokenizer: known words are one piece, others are split into characters, non-ASCII is `<unk>`."""
    from transformers import T5Tokenizer

    words = Counter(_SENTENCES.replace(",", " ").split())
    total = words.total()
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", _LETTER_SCORE)]
    pieces += [(chr(code), _LETTER_SCORE) for code in range(0x21, 0x7F)]
    pieces += [(f"▁{word}", math.log(count / total)) for word, count in sorted(words.items())]
    sentinels = [(f"<extra_id_{number}>", 0.0) for number in reversed(range(_SENTINELS))]
    return T5Tokenizer(vocab=pieces + sentinels, model_max_length=512)
