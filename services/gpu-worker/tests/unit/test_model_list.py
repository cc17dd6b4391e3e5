"""The list of models: the shipped one, the operator's, and what is said about mistakes in it."""

import re
from pathlib import Path

import pytest
from gpu_worker.models.profile_loader import RegistryError, load_profile
from gpu_worker.models.registry import FileSource, FolderSource, HubSource, TinySource
from gpu_worker.runtime.messages import TO_CHILD, Setup

SDXL = "sdxl-base-1.0"


def write(folder: Path, text: str) -> Path:
    path = folder / "models.yaml"
    path.write_text(text)
    return path


def test_the_full_profile_takes_sdxl_from_the_hub_with_a_vae_for_half_precision() -> None:
    entry = load_profile("full").models[SDXL]
    assert isinstance(entry.source, HubSource)
    assert entry.vae == HubSource(
        repo="madebyollin/sdxl-vae-fp16-fix",
        revision="207b116dae70ace3637169f1ddd2434b91b3a8cd",
        files=("config.json", "diffusion_pytorch_model.safetensors"),
    )


def test_an_operators_entry_replaces_the_shipped_one_and_leaves_the_others(tmp_path: Path) -> None:
    text = f"""
profiles:
  tiny:
    {SDXL}:
      family: sdxl
      source: {{folder: {tmp_path}}}
      disk_bytes: 1
      memory_bytes: 1
      peak_bytes: 1
"""
    models = load_profile("tiny", models_file=write(tmp_path, text)).models
    assert models[SDXL].source == FolderSource(folder=tmp_path)
    assert isinstance(models["wan2.1-t2v-1.3b"].source, TinySource)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ("{family: sdxl, source: {tiny: sdxl}, disk_bytes: 1, memory_bytes: 1}", "peak_bytes"),
        ("{family: flux, source: {tiny: sdxl}, disk_bytes: 1, memory_bytes: 1, peak_bytes: 1}", "family"),
        ("{family: sdxl, source: {tiny: sdxl}, disk_bytes: 1, memory_bytes: 1, peak_bytes: 1, vram: 2}", "vram"),
        ("{family: sdxl, source: {file: a.ckpt}, disk_bytes: 1, memory_bytes: 1, peak_bytes: 1}", "safetensors"),
    ],
)
def test_a_mistake_in_the_list_is_named_with_its_file_and_field(tmp_path: Path, entry: str, field: str) -> None:
    path = write(tmp_path, f"profiles: {{tiny: {{mine: {entry}}}}}")
    with pytest.raises(RegistryError, match=rf"models.yaml: profiles.tiny.mine.*{field}"):
        load_profile("tiny", models_file=path)


def test_a_footprint_that_is_not_in_the_book_is_refused_with_those_that_are(tmp_path: Path) -> None:
    entry = "{family: sdxl, source: {tiny: sdxl}, disk_bytes: 1, footprint: sd15}"
    with pytest.raises(RegistryError, match=r"mine.footprint: no 'sd15'; there are: sdxl, "):
        load_profile("tiny", models_file=write(tmp_path, f"profiles: {{tiny: {{mine: {entry}}}}}"))


def test_an_entry_may_leave_its_sizes_to_the_book(tmp_path: Path) -> None:
    entry = "{family: sdxl, source: {tiny: sdxl}, disk_bytes: 1}"
    models = load_profile("tiny", models_file=write(tmp_path, f"profiles: {{tiny: {{mine: {entry}}}}}")).models
    assert models["mine"].memory_bytes is None


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="GPU_WORKER_MODELS_FILE"):
        load_profile("tiny", models_file=tmp_path / "none.yaml")


def test_an_unknown_profile_is_answered_with_the_known_ones() -> None:
    with pytest.raises(RegistryError, match="full, mini, tiny"):
        load_profile("huge")


def test_any_sdxl_checkpoint_can_replace_the_listed_one(tmp_path: Path) -> None:
    checkpoint = tmp_path / "lustify.safetensors"
    checkpoint.touch()
    models = load_profile("full", sdxl_checkpoint=checkpoint).models
    assert models[SDXL].source == FileSource(file=checkpoint)
    assert models[SDXL].vae is not None
    assert load_profile("full", sdxl_checkpoint=tmp_path).models[SDXL].source == FolderSource(folder=tmp_path)


def test_a_pickled_checkpoint_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "model.ckpt"
    checkpoint.touch()
    with pytest.raises(RegistryError, match=r"GPU_WORKER_SDXL_CHECKPOINT.*safetensors"):
        load_profile("full", sdxl_checkpoint=checkpoint)


def test_a_worker_can_offer_a_part_of_its_profile() -> None:
    profile = load_profile("tiny", only=("qwen2.5-7b-instruct",))
    assert set(profile.models) == {"qwen2.5-7b-instruct"}
    assert profile.preload == ("qwen2.5-7b-instruct",)
    with pytest.raises(RegistryError, match=r"GPU_WORKER_MODELS.*'nope'"):
        load_profile("tiny", only=("nope",))


def test_the_operator_chooses_what_is_loaded_before_the_first_step() -> None:
    assert load_profile("full", preload=()).preload == ()
    assert load_profile("full", preload=("wan2.1-t2v-1.3b",)).preload == ("wan2.1-t2v-1.3b",)
    with pytest.raises(RegistryError, match=r"GPU_WORKER_PRELOAD.*'nope'"):
        load_profile("full", preload=("nope",))


def test_shipped_downloads_are_pinned_to_commits() -> None:
    sources = [source for entry in load_profile("full").models.values() for source in (entry.source, entry.vae)]
    revisions = {source.repo: source.revision for source in sources if isinstance(source, HubSource)}
    assert len(revisions) == 5
    following = {repo for repo, revision in revisions.items() if not re.fullmatch(r"[0-9a-f]{40}", revision)}
    assert following == {"Tongyi-MAI/Z-Image-Turbo"}  # models.yaml says why


@pytest.mark.parametrize("profile", ["tiny", "full"])
def test_a_profile_reaches_the_gpu_process_unchanged(profile: str, tmp_path: Path) -> None:
    setup = Setup(profile=load_profile(profile), models_dir=tmp_path)
    assert TO_CHILD.validate_json(setup.model_dump_json()) == setup
