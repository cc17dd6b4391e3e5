"""Loads Qwen's language model and its tokenizer."""

import torch
from darkroom_schemas.recipe import ModelRef

from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.files import find_model
from gpu_worker.models.registry import ModelEntry
from gpu_worker.models.variants import weight_files
from gpu_worker.pipelines.context import LoadContext
from gpu_worker.pipelines.placement import component_weights
from gpu_worker.runtime.model_cache import LoadedModel


def load_qwen(name: str, entry: ModelEntry, _placement: Placement, context: LoadContext) -> LoadedModel:
    """Load the model from its folder onto the device. It is one component, so it has one placement."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    files = find_model(entry, context.models_dir)
    tokenizer = AutoTokenizer.from_pretrained(files.path, local_files_only=True)
    dtype = context.device.weight_type(entry.dtype)
    stated = getattr(entry.source, "variant", None)
    _, variant = weight_files(files.path, stated, half=dtype is torch.float16)
    model = AutoModelForCausalLM.from_pretrained(
        files.path, dtype=dtype, variant=variant, use_safetensors=True, local_files_only=True
    )
    context.check()
    model.eval().requires_grad_(False).to(context.device.torch_device)
    ref = ModelRef(name=name, source=files.source, revision=files.revision, sha256=files.sha256)
    parts = {"model": model, "tokenizer": tokenizer}
    return LoadedModel(ref, parts, component_weights(parts))
