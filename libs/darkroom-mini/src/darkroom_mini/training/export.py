"""Writes the finished parts as a pipeline in the layout of diffusers, in half precision."""

import shutil
from pathlib import Path
from typing import Any

import torch

from darkroom_mini.training.autoencoder import new_autoencoder
from darkroom_mini.training.denoiser import SCHEDULE, new_denoiser
from darkroom_mini.training.embeddings import TextReader
from darkroom_mini.training.home import Home
from darkroom_mini.training.loop import load_weights
from darkroom_mini.training.plan import Plan


def assemble(plan: Plan, home: Home) -> Any:  # Any: diffusers is untyped
    """Return the pipeline of the newest checkpoints, in single precision."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    reader = TextReader(plan, home)
    unet, vae = new_denoiser(plan), new_autoencoder(plan)
    load_weights(unet, "denoiser", home)
    load_weights(vae, "decoder", home)
    pipeline = StableDiffusionXLPipeline(
        vae=vae.eval(),
        unet=unet.eval(),
        tokenizer=reader.tokenizers[0],
        tokenizer_2=reader.tokenizers[1],
        text_encoder=reader.encoders.first,
        text_encoder_2=reader.encoders.second,
        scheduler=EulerDiscreteScheduler(**SCHEDULE),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def export(plan: Plan, home: Home, folder: Path) -> int:
    """Write the pipeline into a folder, which is replaced, and return its size in bytes."""
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    assemble(plan, home).to(torch.float16).save_pretrained(draft, safe_serialization=True)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
