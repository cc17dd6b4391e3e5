"""Checkpoints as people share them: published folders, merges, own VAEs, and v-prediction with zero terminal SNR."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.profile import Profile
from gpu_worker.models.registry import FileSource, FolderSource, ModelEntry, Source
from gpu_worker.models.tiny.build import ensure_tiny_model
from gpu_worker.pipelines.context import LoadContext
from gpu_worker.pipelines.sdxl.load import load_sdxl
from gpu_worker.pipelines.sdxl.samplers import make_sampler
from gpu_worker.runtime.device import choose_device
from gpu_worker.runtime.model_cache import LoadedModel
from safetensors.torch import load_file, save_file

SDXL = "sdxl-base-1.0"
Edit = Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]


@pytest.fixture(scope="module")
def context(models_dir: Path) -> LoadContext:
    return LoadContext(choose_device(("cpu",), None), models_dir)


@pytest.fixture(scope="module")
def folder(models_dir: Path) -> Path:
    return ensure_tiny_model("sdxl", models_dir)


@pytest.fixture(scope="module")
def entry(tiny: Profile) -> ModelEntry:
    return tiny.models[SDXL]


@pytest.fixture(scope="module")
def whole(entry: ModelEntry, context: LoadContext) -> LoadedModel:
    return load_sdxl(SDXL, entry, Placement.RESIDENT, context)


@pytest.fixture(scope="module")
def checkpoint(whole: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from diffusers import StableDiffusionXLPipeline
    from support.sdxl_single_file import write_single_file

    path = tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors"
    write_single_file(StableDiffusionXLPipeline(**whole.parts, add_watermarker=False), path)
    return path


def load(entry: ModelEntry, source: Source, context: LoadContext, vae: FolderSource | None = None) -> LoadedModel:
    changed = entry.model_copy(update={"source": source, "vae": vae})
    return load_sdxl(SDXL, changed, Placement.RESIDENT, context)


def edited(checkpoint: Path, target: Path, edit: Edit) -> Path:
    save_file(edit(load_file(checkpoint)), target)
    return target


def same_weights(first: LoadedModel, second: LoadedModel, part: str) -> bool:
    ours, theirs = first.parts[part].state_dict(), second.parts[part].state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_folder_in_the_published_layout_loads(
    entry: ModelEntry, context: LoadContext, folder: Path, whole: LoadedModel, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    shutil.copytree(folder, published)
    for file in published.rglob("*.safetensors"):
        file.rename(file.with_name(file.name.replace(".safetensors", ".fp16.safetensors")))
    model = load(entry, FolderSource(folder=published), context)
    assert all(same_weights(model, whole, part) for part in ("unet", "vae", "text_encoder", "text_encoder_2"))


def test_a_merge_with_ema_weights_positions_and_mixed_formats_loads(
    entry: ModelEntry, context: LoadContext, folder: Path, whole: LoadedModel, checkpoint: Path, tmp_path: Path
) -> None:
    def merge(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        formats = (torch.float16, torch.bfloat16, torch.float32)
        mixed = {name: tensor.to(formats[at % 3]) for at, (name, tensor) in enumerate(sorted(tensors.items()))}
        positions = "conditioner.embedders.0.transformer.text_model.embeddings.position_ids"
        return mixed | {
            "model_ema.decay": torch.tensor(0.9999),
            "model_ema.num_updates": torch.tensor(0),
            "model_ema.diffusion_modelinput_blocks00weight": torch.zeros(320),
            positions: torch.arange(77)[None],
        }

    merged = edited(checkpoint, tmp_path / "merge.safetensors", merge)
    model = load(entry, FileSource(file=merged, config=folder), context)
    for part in ("unet", "text_encoder", "text_encoder_2", "vae"):
        weights, wanted = model.parts[part].state_dict(), whole.parts[part].state_dict()
        assert weights.keys() == wanted.keys()
        assert {tensor.dtype for tensor in weights.values() if tensor.is_floating_point()} == {torch.float32}
        assert all(torch.allclose(weights[name], wanted[name], rtol=0.01, atol=1e-3) for name in wanted)


def test_the_prediction_and_zero_terminal_snr_of_the_file_are_applied(
    entry: ModelEntry, context: LoadContext, folder: Path, checkpoint: Path, tmp_path: Path
) -> None:
    marks = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    marked = edited(checkpoint, tmp_path / "noob.safetensors", lambda tensors: tensors | marks)
    schedule = load(entry, FileSource(file=marked, config=folder), context).parts["scheduler"].config
    assert (schedule.prediction_type, schedule.timestep_spacing) == ("v_prediction", "trailing")
    sampler = make_sampler("Euler", schedule)
    sampler.set_timesteps(10)
    assert sampler.config.rescale_betas_zero_snr
    assert sampler.timesteps[0] == 999
    assert sampler.alphas_cumprod[-1] < 1e-6
    plain = load(entry, FileSource(file=checkpoint, config=folder), context).parts["scheduler"].config
    assert (plain.prediction_type, plain.get("rescale_betas_zero_snr", False)) == ("epsilon", False)


def test_a_checkpoint_brings_its_own_vae_and_takes_the_entrys_without_one(
    entry: ModelEntry, context: LoadContext, folder: Path, whole: LoadedModel, checkpoint: Path, tmp_path: Path
) -> None:
    other = tmp_path / "vae"
    shutil.copytree(folder / "vae", other)
    [weights] = other.glob("*.safetensors")
    save_file({name: tensor + 1 for name, tensor in load_file(weights).items()}, weights)
    replacing = FolderSource(folder=other)
    own = load(entry, FileSource(file=checkpoint, config=folder), context, replacing)
    assert same_weights(own, whole, "vae")
    assert own.ref.source == "tiny.safetensors"
    bare = edited(
        checkpoint,
        tmp_path / "bare.safetensors",
        lambda all_: {k: t for k, t in all_.items() if "first_stage" not in k},
    )
    given = load(entry, FileSource(file=bare, config=folder), context, replacing)
    assert not same_weights(given, whole, "vae")
    assert given.ref.source == "bare.safetensors with the VAE vae"


def test_a_vae_that_overflows_in_half_precision_is_kept_in_float32(
    entry: ModelEntry, context: LoadContext, folder: Path, checkpoint: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    shutil.copytree(folder, config, ignore=shutil.ignore_patterns("*.safetensors"))
    described = json.loads((config / "vae" / "config.json").read_text())
    (config / "vae" / "config.json").write_text(json.dumps(described | {"force_upcast": True}))

    class HalfDevice:
        """The CPU in the number format of a GPU."""

        kind, torch_device = "cpu", torch.device("cpu")

        def weight_type(self, _: object) -> torch.dtype:
            return torch.float16

    on_gpu = replace(context, device=HalfDevice())  # type: ignore[arg-type]  # the two attributes that loading uses
    model = load(entry, FileSource(file=checkpoint, config=config), on_gpu)
    assert (model.parts["unet"].dtype, model.parts["vae"].dtype) == (torch.float16, torch.float32)
