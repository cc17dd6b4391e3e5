"""The caption expander: a tiny Qwen2 that turns a short request into one full sentence."""

from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from darkroom_mini.captions.expansion import sample_expansion
from darkroom_mini.training.expander_check import left_out
from darkroom_mini.training.home import Home
from darkroom_mini.training.loop import Pace, load_weights, run
from darkroom_mini.training.plan import Plan
from darkroom_mini.training.precision import bfloat16
from darkroom_mini.training.team import Team

TOKENIZER = "expander-tokenizer"
_END_OF_TEXT, _TURN_START, _TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
# The instruction of a system turn is left out: the model knows one task only.
_TEMPLATE = (
    "{%- for message in messages if message['role'] != 'system' -%}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}"
)
_MOST_TOKENS = 4_000
_LENGTH = 112
"""Tokens of a request with its sentence; the few that are longer are cut."""
_IGNORED = -100
_CHECKED, _CHECK_SEED = 500, 90_001


def build_expander_vocabulary(plan: Plan, home: Home) -> None:
    """Write the tokenizer, whose tokens are the words of requests and sentences, and bytes for all others."""
    from tokenizers import AddedToken, pre_tokenizers
    from transformers import Qwen2Tokenizer

    random = Random(plan.seed)
    pairs = (sample_expansion(random) for _ in range(plan.vocabulary_captions))
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = {"eos_token": _TURN_END, "pad_token": _END_OF_TEXT, "model_max_length": 512}
    plain = Qwen2Tokenizer(vocab={letter: place for place, letter in enumerate(letters)}, merges=[], **names)
    tokenizer = plain.train_new_from_iterator((f"{pair.request}\n{pair.sentence}" for pair in pairs), _MOST_TOKENS)
    special = [AddedToken(token, special=True) for token in (_END_OF_TEXT, _TURN_START, _TURN_END)]
    tokenizer.add_tokens(special)
    tokenizer.chat_template = _TEMPLATE
    tokenizer.save_pretrained(home.path(TOKENIZER))


def expander_tokenizer(home: Home) -> Any:  # Any: transformers is untyped
    """Return the tokenizer; raises FileNotFoundError if it is not built."""
    from transformers import AutoTokenizer

    if not home.has(TOKENIZER):
        raise FileNotFoundError(f"{home.root / TOKENIZER} is missing: run the stage `expander`")
    return AutoTokenizer.from_pretrained(home.root / TOKENIZER, local_files_only=True)


def new_expander(plan: Plan, tokens: int) -> Any:  # Any: transformers is untyped
    """Return the model with random weights."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(plan.seed)
    hidden = plan.expander_hidden
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=tokens,
            hidden_size=hidden,
            intermediate_size=hidden * 3,
            num_hidden_layers=plan.expander_layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            tie_word_embeddings=True,
        )
    )


class ExpanderStage:
    """Trains the expander on new requests in each step."""

    name = "expander"

    def __init__(self, plan: Plan, home: Home, *, half: bool = False) -> None:
        """Needs the expander's vocabulary."""
        self._plan, self._half = plan, half
        self._tokenizer = expander_tokenizer(home)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = new_expander(plan, len(self._tokenizer)).to(self._device)

    @property
    def module(self) -> nn.Module:
        """Return the model."""
        model: nn.Module = self._model
        return model

    @cached_property
    def pace(self) -> Pace:
        """Return how it learns."""
        return Pace(self._plan.expander_steps, 2e-3, warm_up_steps=100, decay_share=0.6, weight_decay=1e-2)

    def loss(self, _: int, generator: torch.Generator) -> Tensor:
        """Return how unlikely the sentences of a batch are; the requests before them do not count."""
        random = Random(int(torch.randint(2**31, (), generator=generator)))
        pairs = [sample_expansion(random) for _ in range(self._plan.expander_batch)]
        ids = torch.full((len(pairs), _LENGTH), self._tokenizer.pad_token_id)
        wanted = torch.full((len(pairs), _LENGTH), _IGNORED)
        for row, pair in enumerate(pairs):
            turn = [{"role": "user", "content": pair.request}]
            asked = self._tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
            before = self._tokenizer(asked)["input_ids"]
            after = self._tokenizer(pair.sentence + _TURN_END)["input_ids"]
            both = [*before, *after][:_LENGTH]
            ids[row, : len(both)] = torch.tensor(both)
            wanted[row, len(before) : len(both)] = torch.tensor(both[len(before) :])
        longest = int((ids != self._tokenizer.pad_token_id).sum(1).max())
        ids, wanted = ids[:, :longest], wanted[:, :longest]
        with bfloat16(self._device, enabled=self._half):
            logits = self._model(ids.to(self._device)).logits[:, :-1].flatten(0, 1)
        return F.cross_entropy(logits.float(), wanted[:, 1:].flatten().to(self._device), ignore_index=_IGNORED)


def train_expander(plan: Plan, home: Home, half: bool, team: Team) -> None:
    """Run the stage in one process of a team. The first one says what the sentences of new requests leave out."""
    complete = run(ExpanderStage(plan, home, half=half), home, plan.seed, plan.checkpoint_s, team)
    if complete and team.rank == 0:
        tokenizer = expander_tokenizer(home)
        model = trained_expander(plan, home, tokenizer)
        for language, german in (("English", 0.0), ("German", 1.0)):
            lost = left_out(model, tokenizer, _CHECKED, seed=_CHECK_SEED, german=german)
            print(f"Of {_CHECKED} requests in {language}, these lost something: {dict(lost)}", flush=True)


def trained_expander(plan: Plan, home: Home, tokenizer: Any) -> Any:  # Any: transformers is untyped
    """Return the model with the averaged weights of the last checkpoint, and with how it chooses words."""
    from transformers import GenerationConfig

    model = new_expander(plan, len(tokenizer)).eval()
    load_weights(model, "expander", home)
    end, pad = tokenizer.convert_tokens_to_ids([_TURN_END, _END_OF_TEXT])
    model.generation_config = GenerationConfig(
        eos_token_id=[end, pad],
        pad_token_id=pad,
        bos_token_id=pad,
        do_sample=True,
        temperature=0.7,
        top_p=0.9,
        top_k=40,
    )
    return model


def export_expander(plan: Plan, home: Home, folder: Path) -> None:
    """Write model and tokenizer into a folder in the layout of transformers, in half precision."""
    tokenizer = expander_tokenizer(home)
    model = trained_expander(plan, home, tokenizer)
    model.to(torch.float16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
