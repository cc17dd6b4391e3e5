"""LoRAs on a tiny SDXL: kohya's and diffusers' formats, exact removal, and files that do not fit."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from gpu_worker.domain.failures import Failure
from gpu_worker.models.registry import TinyArchitecture
from gpu_worker.models.tiny.build import ensure_tiny_model
from gpu_worker.pipelines.sdxl.loras import LoraFile, use_loras
from safetensors.torch import save_file

RANK = 4


@pytest.fixture(scope="module")
def pipeline(models_dir: Path) -> Any:
    torch.set_num_threads(1)
    folder = ensure_tiny_model(TinyArchitecture.SDXL, models_dir)
    found = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32)
    found.set_progress_bar_config(disable=True)
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


def layers(pipeline: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield part, name of the layer as published LoRAs spell it, and the layer."""
    for name, module in pipeline.unet.named_modules():
        if name.endswith(("attn2.to_q", "attn1.to_k")):
            yield "unet", name, module
    for part in ("text_encoder", "text_encoder_2"):
        for name, module in getattr(pipeline, part).named_modules():
            if name.endswith(("q_proj", "k_proj", "v_proj", "out_proj")):
                yield part, "text_model." + name.removeprefix("text_model."), module


def lora(file: Path, pipeline: Any, seed: int, *, kohya: bool = True, more_inputs: int = 0) -> LoraFile:
    """Write a LoRA with random weights."""
    use_loras(pipeline, [])  # adapted layers have other names
    random = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    prefixes = {"unet": "lora_unet_", "text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}
    for part, name, module in layers(pipeline):
        down = torch.randn(RANK, module.in_features + more_inputs, generator=random) / 5
        up = torch.randn(module.out_features, RANK, generator=random) / 5
        if kohya:
            key = prefixes[part] + name.replace(".", "_")
            tensors |= {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up, f"{key}.alpha": torch.tensor(4.0)}
        elif part == "unet":
            tensors |= {f"{part}.{name}.lora_A.weight": down, f"{part}.{name}.lora_B.weight": up}
    save_file(tensors, file)
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
