"""A small convolutional network with one output for each question."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from darkroom_mini.judge.questions import QUESTIONS

SIDE_PX = 72
_WIDTHS = (16, 32, 64, 128)


class Judge(nn.Module):
    """Answers all questions about pictures."""

    def __init__(self) -> None:
        """Build it with random weights."""
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, _WIDTHS[0], 5, 2, 2), nn.BatchNorm2d(_WIDTHS[0]), nn.ReLU()]
        for before, width in zip((_WIDTHS[0], *_WIDTHS), _WIDTHS, strict=False):
            layers.append(_Block(before, width, 1 if before == width else 2))
        self.features = nn.Sequential(*layers)
        # Where something is matters: columns are kept apart, rows less so.
        self.pool = nn.AdaptiveAvgPool2d((2, 6))
        self.out = nn.Sequential(
            nn.Flatten(), nn.Linear(_WIDTHS[-1] * 12, 384), nn.ReLU(), nn.Dropout(0.1),
            nn.Linear(384, sum(map(len, QUESTIONS.values()))),
        )  # fmt: skip

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of each question for pictures (n, 3, 72, 72) from 0 to 1."""
        features = self.pool(self.features((pictures - 0.5) * 4))
        logits: Tensor = self.out(features)
        parts: tuple[Tensor, ...] = torch.split(logits, [len(answers) for answers in QUESTIONS.values()], 1)
        return parts

    @torch.no_grad()
    def answer(self, pictures: Sequence[Image.Image]) -> list[dict[str, str]]:
        """Return the answers about each picture."""
        self.eval()
        found: list[dict[str, str]] = []
        for start in range(0, len(pictures), 64):
            batch = as_input(np.stack([small(picture) for picture in pictures[start : start + 64]]))
            chosen = [logits.argmax(1).tolist() for logits in self(batch)]
            for row in zip(*chosen, strict=True):
                found.append({name: QUESTIONS[name][index] for name, index in zip(QUESTIONS, row, strict=True)})
        return found


class _Block(nn.Module):
    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip
        same = before == width and stride == 1
        self.bypass = nn.Identity() if same else nn.Conv2d(before, width, 1, stride, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        return torch.relu(self.inner(values) + self.bypass(values))


def small(picture: Image.Image) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """Return a picture as the judge sees it: uint8 (72, 72, 3)."""
    return np.asarray(picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR))


def as_input(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> Tensor:
    """Return pixels (n, 72, 72, 3) as the network takes them."""
    return torch.tensor(np.asarray(pixels)).permute(0, 3, 1, 2).float() / 255
