"""`darkroom worker check` as an operator types it."""

import json
from pathlib import Path

import pytest
import typer
from gpu_worker.commands import register
from typer.testing import CliRunner


@pytest.fixture
def darkroom() -> typer.Typer:
    app = typer.Typer()
    register(app)
    return app


def test_the_report_as_json_says_what_would_be_downloaded_from_where(darkroom: typer.Typer, tmp_path: Path) -> None:
    hub = {"HF_HUB_CACHE": str(tmp_path), "PATH": ""}
    answer = CliRunner().invoke(darkroom, ["worker", "check", "--profile", "full", "--json"], env=hub)
    report = json.loads(answer.stdout)
    sources = {model["source"] for model in report["models"]}
    assert sources == {
        "stabilityai/stable-diffusion-xl-base-1.0",
        "Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
        "Qwen/Qwen2.5-7B-Instruct",
    }
    assert answer.exit_code == 1
    assert not report["runs"]
    assert any("no CUDA GPU" in problem for problem in report["problems"])


def test_the_report_for_people_ends_with_the_verdict(darkroom: typer.Typer, tmp_path: Path) -> None:
    answer = CliRunner().invoke(darkroom, ["worker", "check", "--profile", "tiny", "--models-dir", str(tmp_path)])
    assert answer.exit_code == 0
    assert "random weights" in answer.stdout
    assert answer.stdout.rstrip().endswith("A worker of this profile runs here.")


def test_an_unknown_profile_is_answered_with_the_known_ones(darkroom: typer.Typer) -> None:
    answer = CliRunner().invoke(darkroom, ["worker", "check", "--profile", "huge"])
    assert answer.exit_code == 1
    assert "full, mini, tiny" in answer.output
