"""Finds published weights on this machine, or writes random ones of the same shapes, in minutes and on the device."""

import json
import shutil
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from gpu_worker.machine.presence import known_path
from gpu_worker.models.profile import Profile
from gpu_worker.models.registry import FolderSource, HubSource, ModelEntry
from gpu_worker.models.tiny.clip_vocabulary import clip_tokenizer
from gpu_worker.models.tiny.qwen_vocabulary import END_OF_TEXT, TURN_END, qwen_tokenizer
from gpu_worker.models.tiny.t5_vocabulary import t5_tokenizer
from gpu_worker.pipelines.qwen.footprint import qwen_model
from gpu_worker.pipelines.sdxl.footprint import sdxl_parts
from gpu_worker.pipelines.wan.footprint import wan_parts
from work import QWEN, SDXL, WAN

NEEDED_BYTES = {SDXL: 7_200_000_000, WAN: 15_000_000_000, QWEN: 15_300_000_000}
_TYPES = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32"}
_BY_DIFFUSERS = ("unet", "vae", "transformer")


def provide(profile: Profile, models_dir: Path, folder: Path, device: str) -> tuple[Profile, tuple[str, ...]]:
    """Return the profile with a source on this machine for each model, and the models whose weights are random.

    Raises OSError if `folder` has too little space for them.
    """
    missing = [name for name, entry in profile.models.items() if not _is_here(entry, models_dir)]
    needed, free = sum(NEEDED_BYTES[name] for name in missing), shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(f"random weights take {needed / 1e9:.0f} GB, and {folder} has {free / 1e9:.0f} GB; use --folder")
    entries: dict[str, ModelEntry] = dict(profile.models)
    for name in missing:
        place = folder / name
        _WRITERS[name](place, device)
        changes: dict[str, Any] = {"source": FolderSource(folder=place), "sha256": None}
        if name == SDXL:
            changes["vae"] = FolderSource(folder=place / "vae")
        entries[name] = entries[name].model_copy(update=changes)
    return profile.model_copy(update={"models": entries}), tuple(missing)


def _is_here(entry: ModelEntry, models_dir: Path) -> bool:
    vae_is_here = not isinstance(entry.vae, HubSource) or _is_here(
        entry.model_copy(update={"source": entry.vae, "vae": None}), models_dir
    )
    path = known_path(entry, models_dir)
    return vae_is_here and path is not None and next(path.rglob("*.safetensors"), None) is not None


def _write_sdxl(place: Path, device: str) -> None:
    with ExitStack() as stack:
        configs = stack.enter_context(as_file(files("gpu_worker") / "registry/sdxl"))
        shutil.copytree(configs, place)
        parts = sdxl_parts(configs)
    # The published profile replaces the VAE by one that does not overflow in half precision.
    parts["vae"].register_to_config(force_upcast=False)
    _write_parts(parts, place, device)
    clip_tokenizer().save_pretrained(place / "tokenizer")
    clip_tokenizer(pad="!").save_pretrained(place / "tokenizer_2")


def _write_wan(place: Path, device: str) -> None:
    from diffusers import UniPCMultistepScheduler

    _write_parts(wan_parts(), place, device)
    t5_tokenizer().save_pretrained(place / "tokenizer")
    UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, num_train_timesteps=1000, flow_shift=3.0
    ).save_pretrained(place / "scheduler")
    index = {
        "_class_name": "WanPipeline",
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "tokenizer": ["transformers", "T5TokenizerFast"],
        "transformer": ["diffusers", "WanTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLWan"],
    }
    (place / "model_index.json").write_text(json.dumps(index))


def _write_qwen(place: Path, device: str) -> None:
    from transformers import GenerationConfig

    tokenizer, model = qwen_tokenizer(), qwen_model()
    end_of_text, turn_end = tokenizer.convert_tokens_to_ids([END_OF_TEXT, TURN_END])
    write_random(model, place / "model.safetensors", device)
    model.config.architectures = ["Qwen2ForCausalLM"]
    model.config.dtype = torch.bfloat16
    model.config.save_pretrained(place)
    GenerationConfig(
        eos_token_id=[turn_end, end_of_text], pad_token_id=end_of_text, do_sample=True, temperature=0.7, top_p=0.8,
        top_k=20, repetition_penalty=1.05,
    ).save_pretrained(place)  # fmt: skip
    tokenizer.save_pretrained(place)


_WRITERS = {SDXL: _write_sdxl, WAN: _write_wan, QWEN: _write_qwen}


def _write_parts(parts: dict[str, Any], place: Path, device: str) -> None:
    for name, part in parts.items():
        is_of_diffusers = name in _BY_DIFFUSERS
        file = "diffusion_pytorch_model.safetensors" if is_of_diffusers else "model.safetensors"
        write_random(part, place / name / file, device)
        if is_of_diffusers:
            part.save_config(place / name)
        else:
            part.config.architectures = [type(part).__name__]
            part.config.save_pretrained(place / name)


def write_random(module: torch.nn.Module, path: Path, device: str) -> None:
    """Write a safetensors file with random weights for a module on the meta device, one tensor at a time."""
    tensors = dict(_stored(module))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator(device).manual_seed(0)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, tensor in tensors.items():
            values = _random(name, tensor, device, generator).flatten().view(torch.uint8)
            file.write(values.cpu().numpy().tobytes())


def _stored(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield parameters and stored buffers, tied ones once."""
    stored = module.state_dict()
    first_names = {name for name, _ in module.named_parameters()}
    buffers = {name for name, _ in module.named_buffers()}
    for name, tensor in stored.items():
        if name in first_names or (name in buffers and tensor.dtype in _TYPES):
            yield name, tensor


def _random(name: str, like: torch.Tensor, device: str, generator: torch.Generator) -> torch.Tensor:
    """Keep what runs through the layers near its size: scales are one, offsets zero, matrices shrink a little."""
    values = torch.zeros(like.shape, dtype=like.dtype, device=device)
    if name.endswith("gamma") or (like.dim() == 1 and name.endswith("weight")):
        return values.fill_(1)
    if like.dim() == 1:
        return values
    scale = 0.02 if "embed" in name or "shared" in name else 0.5 / like[0].numel() ** 0.5
    return values.normal_(0, scale, generator=generator)
