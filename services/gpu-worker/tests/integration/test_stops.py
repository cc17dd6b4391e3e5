"""A stop takes effect inside the computations of every model, and between the parts of a load."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from darkroom_schemas.payload import AnyPayload, ImagePayload, PromptPayload, VideoPayload
from gpu_worker.domain.failures import Stopped
from gpu_worker.models.profile import Profile
from gpu_worker.models.tiny.build import ensure_tiny_model
from gpu_worker.pipelines.components import load_models
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.runtime.messages import Setup
from gpu_worker.wiring.gpu_process import make_executor
from support.drawing import Draw, Drawing

PLACES = {
    "sdxl": ("text_encoder", "text_encoder_2", "unet", "vae"),
    "wan": ("text_encoder", "transformer", "vae"),
    "qwen": ("model",),
    "z_image": ("text_encoder", "transformer", "vae"),
}


@pytest.fixture
def payloads(
    image_payload: ImagePayload,
    video_payload: VideoPayload,
    prompt_payload: PromptPayload,
    z_image_payload: ImagePayload,
) -> dict[str, AnyPayload]:
    return {"sdxl": image_payload, "wan": video_payload, "qwen": prompt_payload, "z_image": z_image_payload}


@pytest.mark.parametrize(("family", "part"), [(family, part) for family, parts in PLACES.items() for part in parts])
def test_a_stop_ends_the_computation_at_the_next_block(
    draw: Draw, executor: PipelineExecutor, payloads: dict[str, AnyPayload], family: str, part: str
) -> None:
    payload = payloads[family].model_copy(update={"prompt": f"a text for the {part} alone"})  # none is cached
    drawing = draw(payload)
    whole = executor.models.get(payload.model).parts[part]
    whole = whole.decoder if part == "vae" else whole
    lists = [module for module in whole.modules() if isinstance(module, torch.nn.ModuleList) and len(module) > 0]
    ended: list[bool] = []
    hooks = [
        lists[0][0].register_forward_hook(lambda *_: drawing.stop()),
        whole.register_forward_hook(lambda *_: ended.append(True)),
    ]
    try:
        with pytest.raises(Stopped):
            drawing.run()
    finally:
        for hook in hooks:
            hook.remove()
    assert ended == []
    again = draw(payload)
    done = again.run()
    assert again.files or done.text


def test_checks_leave_no_hook_behind(draw: Draw, executor: PipelineExecutor, image_payload: ImagePayload) -> None:
    draw(image_payload).run()
    unet = executor.models.get(image_payload.model).parts["unet"]
    assert not any(module._forward_pre_hooks for module in unet.modules())


def test_a_video_that_is_stopped_in_decoding_leaves_nothing_in_the_decoders_cache(
    draw: Draw, executor: PipelineExecutor, video_payload: VideoPayload
) -> None:
    drawing = draw(
        video_payload, stop_when=lambda update: update.message == "decode" and (update.current_step or 0) > 1
    )
    with pytest.raises(Stopped):
        drawing.run()
    vae = executor.models.get(video_payload.model).parts["vae"]
    assert not any(isinstance(feature, torch.Tensor) for feature in vae._feat_map)


@pytest.mark.parametrize("family", ["sdxl", "wan", "z_image"])
def test_a_stop_during_a_load_ends_it_before_the_next_part(
    tiny: Profile,
    models_dir: Path,
    tmp_path: Path,
    payloads: dict[str, AnyPayload],
    family: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor = make_executor(Setup(profile=tiny, models_dir=models_dir), lambda _: None)
    payload = payloads[family]
    drawing = Drawing(executor, tiny.fit(payload), tmp_path)
    loaded: list[str] = []

    def stopping(method: Callable[..., Any]) -> Callable[..., Any]:
        def load(*args: Any, **options: Any) -> Any:
            loaded.append(options.get("subfolder", Path(args[0]).name))
            drawing.stop()
            return method(*args, **options)

        return load

    from transformers import CLIPTextModel, Qwen3Model, UMT5EncoderModel

    kind: Any = {"sdxl": CLIPTextModel, "wan": UMT5EncoderModel, "z_image": Qwen3Model}[family]
    monkeypatch.setattr(kind, "from_pretrained", stopping(kind.from_pretrained))
    with pytest.raises(Stopped):
        drawing.run()
    assert loaded == ["text_encoder"]
    assert executor.models.names() == ()


def test_models_that_are_loaded_one_by_one_are_those_of_the_pipeline(models_dir: Path) -> None:
    from diffusers import StableDiffusionXLPipeline

    folder = ensure_tiny_model("sdxl", models_dir)
    checks: list[None] = []
    ours = load_models(folder, lambda: checks.append(None), dtype=torch.bfloat16, local_files_only=True)
    theirs = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.bfloat16, local_files_only=True)
    assert set(ours) == {"vae", "text_encoder", "text_encoder_2", "unet"}
    assert len(checks) == len(ours) + 1
    for name, model in ours.items():
        expected = getattr(theirs, name).state_dict()
        found = model.state_dict()
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], value) for key, value in expected.items())
        assert model.dtype is getattr(theirs, name).dtype
