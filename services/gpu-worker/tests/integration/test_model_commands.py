"""`darkroom models …` against a hub on this machine."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpu_worker.commands import register
from gpu_worker.models.digests import weights_digest
from gpu_worker.models.storage import copies_of
from support.checkpoint_files import SDXL_TENSORS, write_safetensors
from support.hub_server import Hub, run_hub
from typer import Typer
from typer.testing import CliRunner, Result

REPO, SHARED = "someone/qwen", "someone/shared"
WEIGHTS = "model.safetensors"
PIECE = 1024 * 1024


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    weights = write_safetensors(tmp_path / "draft", {"weight": (2 * PIECE,)}).read_bytes()
    write_safetensors(tmp_path / "own.safetensors", SDXL_TENSORS)
    (tmp_path / "page.safetensors").write_text("<html>")
    files = {"config.json": b'{"architectures": ["Qwen2ForCausalLM"]}', WEIGHTS: weights}
    entries = {
        "first": {"family": "qwen", "source": {"repo": REPO}, "dtype": "bfloat16"},
        "second": {"family": "qwen", "source": {"repo": SHARED}, "dtype": "bfloat16"},
        "third": {"family": "qwen", "source": {"repo": SHARED}, "dtype": "bfloat16"},
        "own": {"family": "sdxl", "source": {"file": str(tmp_path / "own.safetensors")}},
        "page": {"family": "sdxl", "source": {"file": str(tmp_path / "page.safetensors")}},
    }
    listed = {"profiles": {"full": {name: entry | {"disk_bytes": 5_000_000} for name, entry in entries.items()}}}
    (tmp_path / "models.yaml").write_text(json.dumps(listed))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GPU_WORKER_MODELS_FILE", str(tmp_path / "models.yaml"))
    monkeypatch.setenv("GPU_WORKER_MODELS", ",".join(entries))
    monkeypatch.setenv("GPU_WORKER_PROFILE", "full")
    monkeypatch.setenv("GPU_WORKER_MODELS_DIR", str(tmp_path / "models"))
    with run_hub() as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        running.repos |= {REPO: dict(files), SHARED: dict(files)}
        yield running


def darkroom(*arguments: str, answer: str | None = None) -> Result:
    app = Typer()
    register(app)
    return CliRunner().invoke(app, ["models", *arguments], input=answer)


def states() -> dict[str, str]:
    return {model["name"]: model["state"] for model in json.loads(darkroom("list", "--json").stdout)}


def blob(cache: Path) -> Path:
    return max((cache / "models--someone--qwen" / "blobs").iterdir(), key=lambda file: file.stat().st_size)


def test_the_list_says_what_is_here_and_what_is_none(hub: Hub) -> None:
    assert states() == {
        "first": "to download",
        "second": "to download",
        "third": "to download",
        "own": "ready",
        "page": "cannot be loaded",
    }
    shown = darkroom("list")
    assert shown.exit_code == 0
    assert "page.safetensors is a web page" in " ".join(shown.stdout.split())


def test_a_pulled_model_is_ready_and_verified_and_damage_is_named(hub: Hub, tmp_path: Path) -> None:
    assert darkroom("pull", "first").exit_code == 0
    assert states()["first"] == "ready"
    assert darkroom("verify", "first").exit_code == 0
    weights = blob(tmp_path / "cache")
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + b"\1")
    found = darkroom("verify", "first")
    assert found.exit_code == 1
    assert f"{WEIGHTS}: its content is not that of its digest" in found.output
    assert "config.json" not in found.output


def test_a_damaged_header_of_an_own_file_is_named(hub: Hub) -> None:
    assert darkroom("verify", "own").exit_code == 0
    assert "page.safetensors is a web page" in darkroom("verify", "page").output


def test_a_model_that_cannot_be_had_leaves_the_others(hub: Hub) -> None:
    del hub.repos[REPO]
    pulled = darkroom("pull", "first", "second")
    assert pulled.exit_code == 1
    assert "first: someone/qwen could not be downloaded: the hub has no such repository" in pulled.output
    assert states()["second"] == "ready"


def test_removing_asks_and_frees_what_no_other_model_uses(hub: Hub, tmp_path: Path) -> None:
    assert darkroom("pull", "all").exit_code == 1  # the page is none
    assert darkroom("remove", "first", answer="n\n").exit_code == 0
    assert states()["first"] == "ready"
    assert "0.00 GB freed" in darkroom("remove", "second", "--yes").output
    assert states()["third"] == "ready"
    [snapshot] = (tmp_path / "cache" / "models--someone--qwen" / "snapshots").iterdir()
    models_dir = tmp_path / "models"
    copies = copies_of(weights_digest(snapshot, models_dir / "digests.json"), models_dir)
    copies.mkdir(parents=True)
    assert darkroom("remove", "first", answer="y\n").exit_code == 0
    assert not copies.exists()
    assert states()["first"] == "to download"
    assert not (tmp_path / "cache" / "models--someone--qwen").exists()
    kept = darkroom("remove", "own", "--yes")
    assert kept.exit_code == 1
    assert "remove it yourself" in kept.output
    assert (tmp_path / "own.safetensors").exists()


def test_an_unknown_model_is_answered_with_the_known_ones(hub: Hub) -> None:
    answer = darkroom("pull", "nope")
    assert answer.exit_code == 1
    assert "has no model 'nope'; it has: first, second" in str(answer.output)


def test_an_interrupted_pull_is_continued(hub: Hub, tmp_path: Path) -> None:
    hub.hold_after = 2 * PIECE
    program = Path(sys.executable).with_name("darkroom")
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(tmp_path / "cache")}
    with subprocess.Popen([program, "models", "pull", "first"], env=environment) as running:
        assert hub.holding.wait(60)
        part = tmp_path / "cache" / "models--someone--qwen" / "blobs"
        pause = threading.Event()
        while not any(file.stat().st_size for file in part.glob("*.incomplete")):  # what is sent is not yet received
            pause.wait(0.01)
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
    assert len(list(part.glob("*.incomplete"))) == 1
    hub.hold_after = None
    assert darkroom("pull", "first").exit_code == 0
    [_, again] = hub.ranges(WEIGHTS)
    assert again is not None
    assert int(again.removeprefix("bytes=").removesuffix("-")) > 0
    assert states()["first"] == "ready"
    assert darkroom("verify", "first").exit_code == 0
