"""LoRAs on a tiny SDXL: kohya's and diffusers' formats, exact removal, and files that do not fit."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from gpu_worker.domain.failures import Failure
from gpu_worker.models.tiny.build import ensure_tiny_model
from gpu_worker.pipelines.placement import components
from gpu_worker.pipelines.sdxl.loras import LoraFile, use_loras
from safetensors.torch import save_file
from support.lora_files import write_lora


@pytest.fixture(scope="module")
def pipeline(models_dir: Path) -> Any:
    torch.set_num_threads(1)
    folder = ensure_tiny_model("sdxl", models_dir)
    found = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32)
    found.set_progress_bar_config(disable=True)
    for part in components(found.components).values():
        part.requires_grad_(False)  # as the worker loads it; linear layers with a gradient compute other last bits
    return found


@pytest.fixture(autouse=True)
def _clean(pipeline: Any) -> Iterator[None]:
    yield
    use_loras(pipeline, [])


def latents(pipeline: Any) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    found: torch.Tensor = pipeline(
        "a cat", num_inference_steps=2, height=64, width=64, generator=generator, output_type="latent"
    ).images
    return found


def lora(file: Path, pipeline: Any, seed: int, *, kohya: bool = True, more_inputs: int = 0) -> LoraFile:
    """Write a LoRA with random weights."""
    use_loras(pipeline, [])  # adapted layers have other names
    write_lora(file, pipeline.components, seed, kohya=kohya, more_inputs=more_inputs)
    return LoraFile(file.stem, file, hashlib.sha256(file.read_bytes()).hexdigest())


@pytest.mark.parametrize("kohya", [True, False], ids=["kohya", "diffusers"])
def test_a_lora_changes_the_picture_and_leaves_no_trace(pipeline: Any, tmp_path: Path, kohya: bool) -> None:
    file = lora(tmp_path / "style.safetensors", pipeline, 1, kohya=kohya)
    plain = latents(pipeline)
    use_loras(pipeline, [(file, 1.0)])
    assert not torch.allclose(latents(pipeline), plain, atol=0.1)
    use_loras(pipeline, [(file, 0.0)])
    assert torch.equal(latents(pipeline), plain)
    use_loras(pipeline, [])
    assert torch.equal(latents(pipeline), plain)


def test_the_same_lora_gives_the_same_bytes_after_another_one(pipeline: Any, tmp_path: Path) -> None:
    first, second = (lora(tmp_path / f"{n}.safetensors", pipeline, n) for n in (1, 2))
    use_loras(pipeline, [(first, 0.8)])
    before = latents(pipeline)
    use_loras(pipeline, [(second, 1.0)])
    assert not torch.equal(latents(pipeline), before)
    use_loras(pipeline, [(first, 0.8)])
    assert torch.equal(latents(pipeline), before)


def test_the_order_of_loras_does_not_matter(pipeline: Any, tmp_path: Path) -> None:
    first, second = (lora(tmp_path / f"{n}.safetensors", pipeline, n) for n in (1, 2))
    use_loras(pipeline, [(first, 0.8), (second, 0.5)])
    both = latents(pipeline)
    use_loras(pipeline, [])
    use_loras(pipeline, [(second, 0.5), (first, 0.8)])
    assert torch.equal(latents(pipeline), both)


def test_a_lora_of_another_architecture_is_named_and_leaves_no_trace(pipeline: Any, tmp_path: Path) -> None:
    wrong = lora(tmp_path / "sd15.safetensors", pipeline, 1, more_inputs=3)
    fitting = lora(tmp_path / "style.safetensors", pipeline, 2)
    nothing = tmp_path / "nothing.safetensors"
    tensors = {f"lora_unet_nowhere.{part}.weight": torch.zeros(4, 4) for part in ("lora_down", "lora_up")}
    save_file(tensors | {"lora_unet_nowhere.alpha": torch.tensor(4.0)}, nothing)
    plain = latents(pipeline)
    for file in (wrong, LoraFile("nothing", nothing, "0" * 64)):
        with pytest.raises(Failure, match=f"The LoRA '{file.name}' does not fit this model"):
            use_loras(pipeline, [(fitting, 1.0), (file, 1.0)])
        assert torch.equal(latents(pipeline), plain)
