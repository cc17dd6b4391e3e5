"""What a component weighs is known from the headers of its files before it is loaded."""

from pathlib import Path

import pytest
from darkroom_schemas.payload import AnyPayload, ImagePayload, PromptPayload, VideoPayload
from gpu_worker.models.tiny.build import ensure_tiny_model
from gpu_worker.models.weight_files import FLOAT32_BYTES, component_bytes
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.placement import components


@pytest.mark.parametrize("architecture", ["sdxl", "wan", "qwen", "z_image"])
def test_the_headers_of_a_folder_give_the_size_of_each_loaded_component(
    executor: PipelineExecutor,
    models_dir: Path,
    architecture: str,
    image_payload: ImagePayload,
    video_payload: VideoPayload,
    prompt_payload: PromptPayload,
    z_image_payload: ImagePayload,
) -> None:
    payloads: dict[str, AnyPayload] = {
        "sdxl": image_payload,
        "wan": video_payload,
        "qwen": prompt_payload,
        "z_image": z_image_payload,
    }
    payload = payloads[architecture]
    model = executor.models.get(payload.model)
    folder = ensure_tiny_model(architecture, models_dir)
    sized = component_bytes(folder, FLOAT32_BYTES, variant=None, float32_vae=False)
    # Buffers that are computed and not stored, such as rotary positions, are in no file.
    loaded = {
        component: sum(weight.numel() * weight.element_size() for weight in module.parameters())
        for component, module in components(model.parts).items()
    }
    assert set(sized) == set(loaded)
    for component, size in loaded.items():
        assert sized[component] == pytest.approx(size, rel=0.01)


def test_half_precision_halves_all_but_a_vae_that_stays_in_float32(models_dir: Path) -> None:
    folder = ensure_tiny_model("wan", models_dir)
    full = component_bytes(folder, FLOAT32_BYTES, variant=None, float32_vae=True)
    half = component_bytes(folder, 2, variant=None, float32_vae=True)
    assert {name.value: full[name] / half[name] for name in full} == {"text_encoder": 2, "transformer": 2, "vae": 1}


def test_the_variant_that_is_loaded_is_the_one_that_is_sized(models_dir: Path, tmp_path: Path) -> None:
    source = ensure_tiny_model("wan", models_dir) / "vae" / "diffusion_pytorch_model.safetensors"
    (tmp_path / "vae").mkdir()
    for name in ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors"):
        (tmp_path / "vae" / name).write_bytes(source.read_bytes())
    once = component_bytes(tmp_path, 2, variant=None, float32_vae=False)
    assert component_bytes(tmp_path, 2, variant="fp16", float32_vae=False) == once
    (tmp_path / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    assert component_bytes(tmp_path, 2, variant=None, float32_vae=False) == once


def test_a_file_that_is_no_model_gives_no_sizes(tmp_path: Path) -> None:
    page = tmp_path / "model.safetensors"
    page.write_text("<!DOCTYPE html>")
    assert component_bytes(page, 2, variant=None, float32_vae=False) == {}
