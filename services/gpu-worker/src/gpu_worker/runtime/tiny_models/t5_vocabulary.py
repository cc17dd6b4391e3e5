"""A small UMT5-like tokenizer. No package ships the real one (256,000 pieces), so it is trained in memory."""

import json
from typing import Any

_PIECES = 400
_SENTINELS = 100
_SENTENCES = (
    "a woman walking in a garden at sunset, cinematic lighting, sharp focus, 35mm photo",
    "a red circle on a blue background, a green square, slow camera pan, golden hour",
    "portrait of an old man, studio light, film grain, close-up, soft shadows",
    "a dog runs along the beach, waves, wind, handheld camera, wide shot",
    "a neon city at night, rain, reflections, tracking shot, mist",
    "macro shot of a flower, mountain lake in the morning fog, a lighthouse at dawn",
)


def t5_tokenizer() -> Any:  # tokenizers and transformers are untyped
    """Train a Unigram tokenizer on a few sentences; unknown characters become `<unk>`, as in the real one."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import T5Tokenizer

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=_PIECES,
        special_tokens=["<pad>", "</s>", "<unk>"],
        unk_token="<unk>",  # noqa: S106 - a piece of the vocabulary, not a secret
        initial_alphabet=[chr(code) for code in range(0x21, 0x7F)],
        show_progress=False,
    )
    tokenizer.train_from_iterator(_SENTENCES * 20, trainer)
    pieces = [(piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]]
    sentinels = [(f"<extra_id_{number}>", 0.0) for number in reversed(range(_SENTINELS))]
    return T5Tokenizer(vocab=pieces + sentinels, model_max_length=512)
