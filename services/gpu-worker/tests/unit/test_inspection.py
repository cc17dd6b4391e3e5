"""Files and folders that a family cannot load are named for what they are."""

import json
from pathlib import Path

import pytest
from gpu_worker.domain.failures import Failure
from gpu_worker.models.families import family_of
from gpu_worker.models.files import fault_of, find_model, with_checkpoint
from gpu_worker.models.inspect_file import inspect_checkpoint
from gpu_worker.models.inspect_folder import inspect_folder
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.models.registry import FileSource, FolderSource, ModelEntry
from gpu_worker.models.safetensors_file import NotUsable
from support.checkpoint_files import SDXL_TENSORS, VAE_TENSORS, write_safetensors

SDXL, WAN, QWEN = map(family_of, ("sdxl", "wan", "qwen"))

FULL = load_profile("full").models["sdxl-base-1.0"]
FIRST = "model.diffusion_model.input_blocks.0.0.weight"


def sdxl_entry(path: Path) -> ModelEntry:
    source = FolderSource(folder=path) if path.is_dir() else FileSource(file=path)
    return FULL.model_copy(update={"source": source, "vae": None})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "own.safetensors is an empty file"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"PK\x03\x04archive/data.pkl" + b"\0" * 50, "is a pickled PyTorch checkpoint"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1", "is a Git LFS pointer"),
        (b"what is this", "is not a safetensors file"),
        ((2).to_bytes(8, "little") + b"[]", "its header is not a JSON object"),
        ((1000).to_bytes(8, "little") + b'{"a": ', "is cut: it has 14 of 1008 bytes"),
    ],
)
def test_what_is_no_safetensors_file_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "own.safetensors"
    path.write_bytes(content)
    entry = sdxl_entry(path)
    assert words in str(fault_of(entry, tmp_path))
    with pytest.raises(Failure, match=r"own.safetensors") as failed:
        find_model(entry, tmp_path)
    assert failed.value.message == fault_of(entry, tmp_path)


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"lora_unet_x.lora_down.weight": (4, 4)}, "is a LoRA, not an SDXL checkpoint"),
        (VAE_TENSORS, "is a VAE, not"),
        ({"cond_stage_model.transformer.text_model.a": (2,), FIRST: (320, 4, 3, 3)}, "Stable Diffusion 1.x"),
        (SDXL_TENSORS | {FIRST: (320, 9, 3, 3)}, "an SDXL inpainting checkpoint"),
        ({FIRST: (320, 4, 3, 3), "conditioner.embedders.0.model.ln.weight": (1,)}, "an SDXL refiner"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, tensors: dict[str, tuple[int, ...]], words: str) -> None:
    path = write_safetensors(tmp_path / "own.safetensors", tensors)
    with pytest.raises(NotUsable, match=words):
        inspect_checkpoint(path, SDXL)


def test_a_file_that_lost_its_end_is_cut(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "own.safetensors", SDXL_TENSORS)
    inspect_checkpoint(path, SDXL)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(NotUsable, match="is cut: it has"):
        inspect_checkpoint(path, SDXL)
    path.write_bytes(path.read_bytes() + b"\0\0")
    with pytest.raises(NotUsable, match="is damaged: it has"):
        inspect_checkpoint(path, SDXL)


def test_a_single_file_of_another_family_is_refused(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "wan.safetensors", {"blocks.0.self_attn.q.weight": (2,)})
    with pytest.raises(NotUsable, match="wan models are loaded from a folder"):
        inspect_checkpoint(path, WAN)


def sdxl_folder(home: Path, index: object = None, weights: str = "model.fp16.safetensors") -> Path:
    home.mkdir()
    described = {"_class_name": "StableDiffusionXLPipeline"} if index is None else index
    (home / "model_index.json").write_text(json.dumps(described))
    for name in ("unet", "vae", "text_encoder", "text_encoder_2"):
        (home / name).mkdir()
        write_safetensors(home / name / weights, {"weight": (2,)})
    return home


def test_a_folder_in_the_published_layout_is_usable(tmp_path: Path) -> None:
    inspect_folder(sdxl_folder(tmp_path / "sdxl"), SDXL)


def test_a_folder_of_another_class_or_without_an_index_is_refused(tmp_path: Path) -> None:
    other = sdxl_folder(tmp_path / "other", {"_class_name": "FluxPipeline"})
    with pytest.raises(NotUsable, match=r"other/model_index.json is of class 'FluxPipeline', not StableDiffusionXL"):
        inspect_folder(other, SDXL)
    (other / "model_index.json").unlink()
    with pytest.raises(NotUsable, match=r"other has no model_index.json$"):
        inspect_folder(other, SDXL)
    write_safetensors(other / "one.safetensors", SDXL_TENSORS)
    with pytest.raises(NotUsable, match="name the file itself"):
        inspect_folder(other, SDXL)
    with pytest.raises(NotUsable, match="none does not exist"):
        inspect_folder(tmp_path / "none", SDXL)


def test_a_folder_of_pickled_weights_is_refused_with_words(tmp_path: Path) -> None:
    folder = sdxl_folder(tmp_path / "sdxl")
    (folder / "unet" / "model.fp16.safetensors").unlink()
    with pytest.raises(NotUsable, match=r"sdxl/unet has no .safetensors file"):
        inspect_folder(folder, SDXL)
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x02}q")
    with pytest.raises(NotUsable, match=r"sdxl/unet has only pickled weights \(.bin\)"):
        inspect_folder(folder, SDXL)


def test_a_damaged_or_missing_part_of_a_folder_is_named(tmp_path: Path) -> None:
    folder = sdxl_folder(tmp_path / "sdxl")
    (folder / "vae" / "model.fp16.safetensors").write_text("<html>")
    with pytest.raises(NotUsable, match=r"sdxl/vae/model.fp16.safetensors is a web page"):
        inspect_folder(folder, SDXL)
    inspect_folder(folder, SDXL, without=("vae",))
    index = {"weight_map": {"a": "m.fp16-00001-of-00002.safetensors", "b": "m.fp16-00002-of-00002.safetensors"}}
    (folder / "unet" / "model.fp16.safetensors").unlink()
    write_safetensors(folder / "unet" / "m.fp16-00001-of-00002.safetensors", {"a": (1,)})
    (folder / "unet" / "m.safetensors.index.fp16.json").write_text(json.dumps(index))
    with pytest.raises(NotUsable, match=r"lacks 1 of its files, such as m.fp16-00002-of-00002"):
        inspect_folder(folder, SDXL, without=("vae",))


def test_a_language_model_needs_its_configuration(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "model.safetensors", {"a": (1,)})
    with pytest.raises(NotUsable, match=r"has no config.json"):
        inspect_folder(tmp_path, QWEN)
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(NotUsable, match="BertModel"):
        inspect_folder(tmp_path, QWEN)
    (tmp_path / "config.json").write_text('{"architectures": ["Qwen2ForCausalLM"]}')
    inspect_folder(tmp_path, QWEN)


def test_a_checkpoint_keeps_its_own_vae_and_gets_the_entrys_if_it_has_none(tmp_path: Path) -> None:
    own = write_safetensors(tmp_path / "own.safetensors", SDXL_TENSORS)
    bare = write_safetensors(
        tmp_path / "bare.safetensors", {name: s for name, s in SDXL_TENSORS.items() if "first_stage" not in name}
    )
    assert with_checkpoint(FULL, FileSource(file=own)).vae is None
    assert with_checkpoint(FULL, FileSource(file=bare)).vae == FULL.vae
    folder = FolderSource(folder=sdxl_folder(tmp_path / "sdxl"))
    assert with_checkpoint(FULL, folder).vae is None
    assert load_profile("full", sdxl_checkpoint=own).models["sdxl-base-1.0"].vae is None
    assert "without a VAE" in str(fault_of(sdxl_entry(bare), tmp_path))
    assert fault_of(sdxl_entry(own), tmp_path) is None
