"""Z-Image's topology (Qwen3 encoder, single-stream transformer with refiners, 16-channel VAE) with tiny widths."""

from pathlib import Path

import torch

from gpu_worker.models.tiny.qwen_vocabulary import qwen_tokenizer

_TEXT_WIDTH = 32
_ROUND_VOCABULARY_TO = 128


def build_z_image(folder: Path) -> None:
    """Write the pipeline into `folder`, in the layout of the real repository."""
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    text_encoder = Qwen3Model(
        Qwen3Config(
            vocab_size=-(-len(tokenizer) // _ROUND_VOCABULARY_TO) * _ROUND_VOCABULARY_TO,
            hidden_size=_TEXT_WIDTH,
            intermediate_size=64,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            max_position_embeddings=40_960,
        )
    )
    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=48,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=_TEXT_WIDTH,
        axes_dims=[8, 8, 8],
        axes_lens=[1024, 512, 512],
    )
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=16,
        block_out_channels=(8, 16, 16, 16),
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        layers_per_block=1,
        norm_num_groups=4,
        sample_size=1024,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    scheduler = FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=3.0)
    pipeline = ZImagePipeline(
        scheduler=scheduler, vae=vae, text_encoder=text_encoder, tokenizer=tokenizer, transformer=transformer
    )
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True)
