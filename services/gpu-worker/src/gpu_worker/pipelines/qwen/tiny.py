"""Qwen 2.5's topology (grouped-query attention, tied embeddings) with two narrow layers."""

from pathlib import Path

import torch

from gpu_worker.models.tiny.qwen_vocabulary import END_OF_TEXT, TURN_END, qwen_tokenizer

_ROUND_VOCABULARY_TO = 128


def build_qwen(folder: Path) -> None:
    """Write model and tokenizer into `folder`, in the layout of the real repository."""
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    rounded = -(-len(tokenizer) // _ROUND_VOCABULARY_TO) * _ROUND_VOCABULARY_TO
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=rounded,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=32_768,
            rope_theta=1e6,
            tie_word_embeddings=True,
        )
    )
    end_of_text, turn_end = tokenizer.convert_tokens_to_ids([END_OF_TEXT, TURN_END])
    model.generation_config = GenerationConfig(
        eos_token_id=[turn_end, end_of_text],
        pad_token_id=end_of_text,
        bos_token_id=end_of_text,
        do_sample=True,
        temperature=0.7,
        top_p=0.8,
        top_k=20,
        repetition_penalty=1.05,
    )
    model.to(torch.float16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
