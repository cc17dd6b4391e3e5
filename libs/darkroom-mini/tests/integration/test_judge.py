"""The judge learns from renders and goes on where it stopped."""

from pathlib import Path

import torch
from darkroom_mini.judge.learn import learn, load_judge
from darkroom_mini.judge.questions import QUESTIONS


def test_a_judge_learns_from_renders_and_can_be_loaded(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    first = learn(tmp_path, pictures=64, fresh=16, steps=1, processes=1)
    later = learn(tmp_path, pictures=64, fresh=16, steps=25, processes=1)
    assert set(first) == set(later) == set(QUESTIONS)
    assert sum(later.values()) > sum(first.values())
    state = torch.load(tmp_path / "judge.state.pt", weights_only=True)
    assert state["step"] == 25
    loaded = load_judge(tmp_path).state_dict()
    assert all(torch.equal(value, loaded[name]) for name, value in state["judge"].items())
