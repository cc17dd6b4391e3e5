"""Trains the judge on renders, and measures it on fresh ones."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from darkroom_mini.judge.model import Judge, as_input
from darkroom_mini.judge.questions import NOTHING, QUESTIONS
from darkroom_mini.judge.renders import draw_renders

_STATE = "judge.state.pt"
WEIGHTS = "judge.pt"
_BATCH = 64
_RATE = 2e-3
_LOG_STEPS = 50
_SAVE_STEPS = 200


def learn(folder: Path, *, pictures: int, fresh: int, steps: int, processes: int, seed: int = 7) -> dict[str, float]:
    """Train the judge in `folder`, going on from its last state; return its accuracy on fresh renders."""
    for name, count, start in (("train", pictures, seed), ("fresh", fresh, seed + 1)):
        if not (folder / f"pixels-{name}.npy").exists():
            draw_renders(folder, name, count, start, processes)
    torch.manual_seed(seed)
    judge = Judge()
    optimizer = torch.optim.AdamW(judge.parameters(), _RATE, weight_decay=1e-2)
    step = 0
    if (folder / _STATE).exists():
        state = torch.load(folder / _STATE, weights_only=True)
        judge.load_state_dict(state["judge"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    pixels = np.load(folder / "pixels-train.npy", mmap_mode="r")
    answers = torch.from_numpy(np.load(folder / "answers-train.npy"))
    began = time.process_time()
    judge.train()
    while step < steps and not (folder / "STOP").exists():
        generator = torch.Generator().manual_seed(seed * 1_000_000 + step)
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1, (step + 1) / 100) * max(0.01, 1 - step / steps)
        chosen = torch.randint(len(pixels), (_BATCH,), generator=generator)
        loss = _loss(judge(_worn(as_input(np.asarray(pixels[chosen.numpy()])), generator)), answers[chosen])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        optimizer.step()
        step += 1
        if step % _LOG_STEPS == 0:
            print(f"judge {step}/{steps} loss {loss.item():.3f} cpu {time.process_time() - began:.0f}s", flush=True)
        if step % _SAVE_STEPS == 0 or step == steps:
            _save(folder / _STATE, {"judge": judge.state_dict(), "optimizer": optimizer.state_dict(), "step": step})
            _save(folder / WEIGHTS, judge.state_dict())
    return accuracy(judge, folder)


def load_judge(folder: Path) -> Judge:
    """Return the judge of a folder."""
    judge = Judge()
    judge.load_state_dict(torch.load(folder / WEIGHTS, weights_only=True))
    return judge.eval()


@torch.no_grad()
def accuracy(judge: Judge, folder: Path) -> dict[str, float]:
    """Return the share of right answers to each question about the fresh renders."""
    judge.eval()
    pixels = np.load(folder / "pixels-fresh.npy", mmap_mode="r")
    answers = torch.from_numpy(np.load(folder / "answers-fresh.npy"))
    guesses = [
        torch.stack([logits.argmax(1) for logits in judge(as_input(np.asarray(pixels[part])))], 1)
        for part in _parts(len(pixels))
    ]
    right = torch.cat(guesses) == answers
    asked = dict.fromkeys(QUESTIONS, torch.ones(len(answers), dtype=torch.bool))
    second = list(QUESTIONS).index("second subject")
    asked["second colour"] = answers[:, second] != QUESTIONS["second subject"].index(NOTHING)
    return {name: right[asked[name], place].float().mean().item() for place, name in enumerate(QUESTIONS)}


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + 128) for start in range(0, count, 128))


def _loss(logits: tuple[Tensor, ...], answers: Tensor) -> Tensor:
    parts = [F.cross_entropy(guess, answers[:, place], label_smoothing=0.02) for place, guess in enumerate(logits)]
    return torch.stack(parts).mean()


def _worn(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Blur a third of a batch and add a little noise, so that soft pictures are judged by what they show."""
    soft = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    blurred = torch.rand(len(pictures), 1, 1, 1, generator=generator) < 0.34
    worn = torch.where(blurred, soft, pictures)
    return worn + 0.02 * torch.randn(pictures.shape, generator=generator)


def _save(path: Path, content: dict[str, object]) -> None:
    draft = path.with_suffix(".draft")
    torch.save(content, draft)
    os.replace(draft, path)
