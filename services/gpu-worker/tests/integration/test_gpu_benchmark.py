"""The acceptance of a card runs dry on a CPU: every check works, and says what CUDA alone can show."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARK = Path(__file__).parents[4] / "benchmarks/gpu"
LIMIT_S = 900


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, str(BENCHMARK), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)


CHECKS = {
    "outputs": "ok", "stops": "ok", "memory": "ok", "assert": "ok", "step-times": "ok", "in-turn-24": "skipped",
    "in-turn-16": "skipped", "in-turn-12": "ok", "full-steps": "skipped",
}  # fmt: skip
"""All but the overhead, which `make bench-overhead` measures on a CPU."""


@pytest.mark.timeout(LIMIT_S + 60)
def test_a_dry_run_passes_every_check(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    ran = run("--tiny", "--minutes", "15", "--out", str(out), *(word for name in CHECKS for word in ("--only", name)))
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    results: dict[str, Any] = json.loads(out.read_text())
    assert {check["name"]: check["status"] for check in results["checks"]} == CHECKS
    skipped = [figure for check in results["checks"] for figure in check["figures"] if figure["status"] == "skipped"]
    assert all(figure["note"].startswith("needs CUDA") for figure in skipped)
    assert {figure["name"] for figure in skipped} == {
        "peaks beside the book", "WAN, 81 frames: FlashAttention 3", "24 GiB: SDXL, Qwen and WAN in turn",
        "16 GiB: SDXL, Qwen and WAN in turn", "video of 25 steps and six images of 15",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(("--only", "warp"), "no check warp"), (("--write", "--tiny"), "not a result of a card")],
)
def test_a_run_that_would_show_nothing_is_refused(arguments: tuple[str, ...], reason: str) -> None:
    ran = run(*arguments)
    assert ran.returncode == 2
    assert reason in ran.stderr
