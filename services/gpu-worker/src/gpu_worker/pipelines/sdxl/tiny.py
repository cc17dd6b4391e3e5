"""SDXL's topology (three UNet levels, two text encoders, an 8x VAE) with 8 million parameters."""

from pathlib import Path
from typing import Any

import torch

from gpu_worker.models.tiny.clip_vocabulary import clip_tokenizer

_WIDTH = 32
_HIDDEN_1, _HIDDEN_2 = 24, 40
_LAYERS_1, _LAYERS_2 = 3, 11


def build_sdxl(folder: Path) -> None:
    """Write the pipeline into `folder`, in the layout of the real repository."""
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    first, second = clip_tokenizer(), clip_tokenizer(pad="!")
    unet = UNet2DConditionModel(
        sample_size=128,
        block_out_channels=(_WIDTH, _WIDTH * 2, _WIDTH * 4),
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 1, 2),
        attention_head_dim=(2, 4, 8),
        use_linear_projection=True,
        norm_num_groups=8,
        cross_attention_dim=_HIDDEN_1 + _HIDDEN_2,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=_HIDDEN_2 + 6 * 8,
    )
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        block_out_channels=(8, 16, 16, 16),
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        layers_per_block=1,
        norm_num_groups=4,
        sample_size=1024,
        scaling_factor=0.13025,
        force_upcast=True,
    )
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        timestep_spacing="leading",
        steps_offset=1,
    )
    pipeline = StableDiffusionXLPipeline(
        vae=vae,
        unet=unet,
        tokenizer=first,
        tokenizer_2=second,
        text_encoder=CLIPTextModel(_text_config(first, _HIDDEN_1, _LAYERS_1, "quick_gelu")),
        text_encoder_2=CLIPTextModelWithProjection(_text_config(second, _HIDDEN_2, _LAYERS_2, "gelu")),
        scheduler=scheduler,
        add_watermarker=False,
    )
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True)


def _text_config(tokenizer: Any, hidden: int, layers: int, activation: str) -> Any:
    from transformers import CLIPTextConfig

    size = len(tokenizer)
    return CLIPTextConfig(
        vocab_size=size,
        hidden_size=hidden,
        intermediate_size=hidden * 2,
        num_hidden_layers=layers,
        num_attention_heads=2,
        max_position_embeddings=77,
        hidden_act=activation,
        projection_dim=hidden,
        bos_token_id=size - 2,
        eos_token_id=size - 1,
        pad_token_id=1,
    )
