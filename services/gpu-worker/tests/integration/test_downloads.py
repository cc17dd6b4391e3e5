"""Downloads from a hub on this machine: what is fetched, continued after an interruption, checked and refused."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpu_worker.domain.failures import Failure
from gpu_worker.models.digests import file_digest
from gpu_worker.models.hub_cache import snapshot
from gpu_worker.models.obtain import obtain
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.models.registry import HubSource, ModelEntry
from gpu_worker.models.transfer import Cancellation, Cancelled, Transfer
from support.checkpoint_files import write_safetensors
from support.hub_server import Hub, run_hub

REPO, VAE_REPO = "someone/sdxl", "someone/vae"
UNET = "unet/diffusion_pytorch_model.fp16.safetensors"
PLAIN = "unet/diffusion_pytorch_model.safetensors"
WEIGHTS = (
    UNET,
    "vae/diffusion_pytorch_model.safetensors",
    "text_encoder/model.fp16.safetensors",
    "text_encoder_2/model.fp16.safetensors",
)
PIECE = 1024 * 1024


@pytest.fixture
def weights(tmp_path: Path) -> Callable[[str], bytes]:
    """Make 4 MiB of weights that differ for each path."""
    return lambda path: write_safetensors(
        tmp_path / "draft.safetensors", {"weight": (2 * PIECE,)}, {"of": path}
    ).read_bytes()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: Callable[[str], bytes]) -> Iterator[Hub]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with run_hub() as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        files = ("sd_xl_base_1.0.safetensors", PLAIN, "text_encoder/pytorch_model.bin", *WEIGHTS)
        running.repos[REPO] = {
            "model_index.json": b'{"_class_name": "StableDiffusionXLPipeline"}',
            "README.md": b"words",
            "unet/config.json": b"{}",
        } | {path: weights(path) for path in files}
        yield running


@pytest.fixture
def entry() -> ModelEntry:
    return load_profile("full").models["sdxl-base-1.0"].model_copy(update={"source": HubSource(repo=REPO), "vae": None})


class Progress:
    """Keeps the reports, and can cancel at the first one that a question answers with yes."""

    def __init__(self) -> None:
        self.reports: list[Transfer] = []
        self.cancellation = Cancellation()
        self.cancel_at: int | None = None

    def __call__(self, transfer: Transfer) -> None:
        self.reports.append(transfer)
        if self.cancel_at is not None and transfer.done >= self.cancel_at:
            self.cancellation.cancel()


def test_what_the_model_needs_is_downloaded_once_and_named_by_its_digest(
    hub: Hub, entry: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Progress()
    files = obtain(entry, tmp_path, progress, progress.cancellation)
    assert sorted(path for path, _ in hub.requests) == sorted((*WEIGHTS, "model_index.json", "unet/config.json"))
    assert files.revision == hub.commit
    assert (files.path / UNET).read_bytes() == hub.repos[REPO][UNET]
    assert not (files.path / PLAIN).exists()
    last = progress.reports[-1]
    assert (last.done, last.file_done) == (last.total, last.file_total)
    assert [report.done for report in progress.reports] == sorted(report.done for report in progress.reports)

    hub.requests.clear()
    monkeypatch.setattr("gpu_worker.models.digests.hash_file", None)  # the names of the blobs are the digests
    assert obtain(entry, tmp_path, progress, progress.cancellation) == files
    assert hub.requests == []
    assert len(file_digest(files.path / UNET, tmp_path / "digests.json")) == 64


def test_an_interrupted_download_continues_where_it_ended(hub: Hub, entry: ModelEntry, tmp_path: Path) -> None:
    first = Progress()
    first.cancel_at = 2 * PIECE
    with pytest.raises(Cancelled):
        obtain(entry, tmp_path, first, first.cancellation)
    parts = list((tmp_path / "cache").rglob("*.incomplete"))
    assert [part.stat().st_size for part in parts] != [0]
    have = parts[0].stat().st_size
    again = Progress()
    files = obtain(entry, tmp_path, again, again.cancellation)
    assert f"bytes={have}-" in [range_ for _, range_ in hub.requests]
    assert (files.path / UNET).read_bytes() == hub.repos[REPO][UNET]
    assert not list((tmp_path / "cache").rglob("*.incomplete"))


def test_a_connection_that_breaks_is_opened_again(
    hub: Hub, entry: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu_worker.models.hub_download._FIRST_PAUSE_S", 0.0)
    hub.repos[REPO]["unet/config.json"] = b"{}" + b" " * 100_000
    hub.break_after = 32 * 1024
    progress = Progress()
    files = obtain(entry, tmp_path, progress, progress.cancellation)
    assert any(range_ is not None for _, range_ in hub.requests)
    assert (files.path / "unet/config.json").read_bytes() == hub.repos[REPO]["unet/config.json"]


def test_a_server_without_ranges_sends_the_whole_file_again(hub: Hub, entry: ModelEntry, tmp_path: Path) -> None:
    first = Progress()
    first.cancel_at = 2 * PIECE
    with pytest.raises(Cancelled):
        obtain(entry, tmp_path, first, first.cancellation)
    hub.ignores_ranges = True
    again = Progress()
    assert (obtain(entry, tmp_path, again, again.cancellation).path / UNET).read_bytes() == hub.repos[REPO][UNET]


def test_bytes_that_are_not_those_of_the_hub_are_refused_and_removed(
    hub: Hub, entry: ModelEntry, tmp_path: Path
) -> None:
    hub.corrupts = True
    progress = Progress()
    with pytest.raises(Failure, match=r"of someone/sdxl came with the digest \w+, not \w+"):
        obtain(entry, tmp_path, progress, progress.cancellation)
    assert not list((tmp_path / "cache").rglob("*.incomplete"))


def test_a_digest_that_is_a_path_writes_nothing(hub: Hub, entry: ModelEntry, tmp_path: Path) -> None:
    hub.digest = "../../../escaped"
    progress = Progress()
    with pytest.raises(Failure):
        obtain(entry, tmp_path, progress, progress.cancellation)
    assert not list(tmp_path.rglob("*escaped*"))
    assert not any(path.endswith(UNET) for path, _ in hub.requests)


def test_a_stop_takes_effect_while_the_server_still_sends(hub: Hub, entry: ModelEntry, tmp_path: Path) -> None:
    hub.hold_after = 3 * PIECE
    progress, ended = Progress(), threading.Event()

    def work() -> None:
        with pytest.raises(Cancelled):
            obtain(entry, tmp_path, progress, progress.cancellation)
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert hub.holding.wait(30)
    progress.cancellation.cancel()
    hub.go_on.set()
    assert ended.wait(30)
    thread.join()


def test_without_the_hub_what_is_here_is_used(hub: Hub, entry: ModelEntry, tmp_path: Path) -> None:
    progress = Progress()
    files = obtain(entry, tmp_path, progress, progress.cancellation)
    hub.status = 500
    assert obtain(entry, tmp_path, progress, progress.cancellation) == files


@pytest.mark.parametrize(
    ("status", "repo", "reason"),
    [(200, "someone/nothing", "the hub has no such repository"), (503, REPO, "the hub answered 503")],
)
def test_what_cannot_be_downloaded_is_said(
    hub: Hub, entry: ModelEntry, tmp_path: Path, status: int, repo: str, reason: str
) -> None:
    hub.status = status
    progress = Progress()
    changed = entry.model_copy(update={"source": HubSource(repo=repo)})
    with pytest.raises(Failure, match=f"{repo} could not be downloaded: {reason}") as failed:
        obtain(changed, tmp_path, progress, progress.cancellation)
    assert failed.value.retryable


def test_a_pinned_revision_needs_no_hub_once_it_is_here(hub: Hub, entry: ModelEntry, tmp_path: Path) -> None:
    pinned = entry.model_copy(update={"source": HubSource(repo=REPO, revision=hub.commit)})
    progress = Progress()
    files = obtain(pinned, tmp_path, progress, progress.cancellation)
    hub.status = 500
    assert obtain(pinned, tmp_path, progress, progress.cancellation) == files
    assert snapshot(HubSource(repo=REPO, revision=hub.commit)) == files.path


def test_another_hash_than_the_entrys_is_refused(hub: Hub, entry: ModelEntry, tmp_path: Path) -> None:
    progress = Progress()
    changed = entry.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(Failure, match="not those of the model list: sha256 is"):
        obtain(changed, tmp_path, progress, progress.cancellation)


def test_the_replaced_vae_is_not_downloaded(hub: Hub, entry: ModelEntry, tmp_path: Path) -> None:
    hub.repos[VAE_REPO] = {"config.json": b"{}", "diffusion_pytorch_model.safetensors": hub.repos[REPO][UNET]}
    progress = Progress()
    changed = entry.model_copy(update={"vae": HubSource(repo=VAE_REPO)})
    files = obtain(changed, tmp_path, progress, progress.cancellation)
    assert not (files.path / "vae").exists()
    assert files.vae is not None
    assert files.source == "someone/sdxl with the VAE someone/vae"
