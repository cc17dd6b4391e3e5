"""Any SDXL checkpoint in one file: read without a network, and drawn exactly like the same model in a folder."""

from importlib.resources import as_file, files
from pathlib import Path

import pytest
import torch
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.profile import Profile
from gpu_worker.models.registry import FileSource, FolderSource
from gpu_worker.models.tiny.build import ensure_tiny_model
from gpu_worker.pipelines.context import LoadContext
from gpu_worker.pipelines.sdxl.load import load_sdxl
from gpu_worker.pipelines.sdxl.single_file import config_folder
from gpu_worker.runtime.device import choose_device
from gpu_worker.runtime.model_cache import LoadedModel

SDXL = "sdxl-base-1.0"


@pytest.fixture(scope="module")
def context(models_dir: Path) -> LoadContext:
    return LoadContext(choose_device(("cpu",), None), models_dir)


@pytest.fixture(scope="module")
def from_folder(tiny: Profile, context: LoadContext) -> LoadedModel:
    return load_sdxl(SDXL, tiny.models[SDXL], Placement.RESIDENT, context)


@pytest.fixture(scope="module")
def from_file(
    tiny: Profile, context: LoadContext, from_folder: LoadedModel, tmp_path_factory: pytest.TempPathFactory
) -> LoadedModel:
    from diffusers import StableDiffusionXLPipeline
    from support.sdxl_single_file import write_single_file

    checkpoint = tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors"
    write_single_file(StableDiffusionXLPipeline(**from_folder.parts, add_watermarker=False), checkpoint)
    source = FileSource(file=checkpoint, config=ensure_tiny_model("sdxl", context.models_dir))
    return load_sdxl(SDXL, tiny.models[SDXL].model_copy(update={"source": source}), Placement.RESIDENT, context)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "text_encoder_2"])
def test_a_checkpoint_in_one_file_has_the_weights_of_its_folder(
    from_folder: LoadedModel, from_file: LoadedModel, part: str
) -> None:
    wanted, found = (model.parts[part].state_dict() for model in (from_folder, from_file))
    assert wanted.keys() == found.keys()
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_a_checkpoint_in_one_file_is_known_by_its_own_hash(from_file: LoadedModel) -> None:
    assert from_file.ref.source == "tiny.safetensors"
    assert len(from_file.ref.sha256 or "") == 64


def test_the_shipped_configuration_has_the_size_of_the_real_model() -> None:
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    with as_file(files("gpu_worker") / "registry/sdxl") as shipped, torch.device("meta"):
        sizes = {
            "unet": UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(shipped / "unet")),
            "vae": AutoencoderKL.from_config(AutoencoderKL.load_config(shipped / "vae")),
            "text_encoder": CLIPTextModel(CLIPTextConfig.from_pretrained(shipped / "text_encoder")),
            "text_encoder_2": CLIPTextModelWithProjection(CLIPTextConfig.from_pretrained(shipped / "text_encoder_2")),
        }
    counted = {name: sum(parameter.numel() for parameter in model.parameters()) for name, model in sizes.items()}
    assert counted == {
        "unet": 2_567_463_684,
        "vae": 83_653_863,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    }


def test_the_shipped_configuration_comes_with_the_tokenizers(models_dir: Path, tmp_path: Path) -> None:
    from transformers import CLIPTokenizer

    folder = config_folder(FileSource(file=tmp_path / "any.safetensors"), models_dir)
    first, second = (CLIPTokenizer.from_pretrained(folder / name) for name in ("tokenizer", "tokenizer_2"))
    assert (first.pad_token, second.pad_token) == ("<|endoftext|>", "!")
    assert second("dawn", padding="max_length")["input_ids"][-1] == 0
    assert (folder / "unet" / "config.json").is_file()


def test_another_vae_can_replace_the_models_own(tiny: Profile, context: LoadContext) -> None:
    folder = ensure_tiny_model("sdxl", context.models_dir)
    entry = tiny.models[SDXL].model_copy(update={"vae": FolderSource(folder=folder / "vae")})
    model = load_sdxl(SDXL, entry, Placement.RESIDENT, context)
    assert model.ref.source == "tiny:sdxl with the VAE vae"
    assert model.parts["vae"].config.latent_channels == 4
