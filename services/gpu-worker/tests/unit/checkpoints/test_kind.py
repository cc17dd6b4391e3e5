"""A file is recognized by the names of its tensors."""

import pytest
from gpu_worker.domain.checkpoints.kind import Checkpoint, CheckpointKind, Prediction, identify

UNET = {"model.diffusion_model.input_blocks.0.0.weight": 11_520, "model.diffusion_model.label_emb.0.0.weight": 1}
ENCODERS = {
    "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight": 1,
    "conditioner.embedders.1.model.ln_final.weight": 1,
}
VAE = {"first_stage_model.decoder.conv_in.weight": 1}
SDXL = UNET | ENCODERS | VAE


@pytest.mark.parametrize(
    ("tensors", "kind"),
    [
        (SDXL, CheckpointKind.SDXL),
        (SDXL | {"model.diffusion_model.input_blocks.0.0.weight": 25_920}, CheckpointKind.SDXL_INPAINT),
        (UNET | VAE | {"conditioner.embedders.0.model.ln_final.weight": 1}, CheckpointKind.SDXL_REFINER),
        (UNET, CheckpointKind.SDXL_UNET),
        ({"add_embedding.linear_1.weight": 1, "down_blocks.0.resnets.0.conv1.weight": 1}, CheckpointKind.SDXL_UNET),
        (
            {"cond_stage_model.transformer.text_model.final_layer_norm.weight": 1}
            | {"model.diffusion_model.input_blocks.0.0.weight": 11_520},
            CheckpointKind.SD1,
        ),
        ({"cond_stage_model.model.ln_final.weight": 1}, CheckpointKind.SD2),
        ({"model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": 1}, CheckpointKind.SD3),
        ({"double_blocks.0.img_attn.qkv.weight": 1}, CheckpointKind.FLUX),
        ({"single_transformer_blocks.0.attn.to_q.weight": 1}, CheckpointKind.FLUX),
        ({"blocks.0.self_attn.q.weight": 1, "patch_embedding.weight": 1}, CheckpointKind.WAN),
        ({"lora_unet_input_blocks_1_0_emb_layers_1.lora_down.weight": 1}, CheckpointKind.LORA),
        ({"unet.down_blocks.1.attentions.0.proj_in.lora_A.weight": 1}, CheckpointKind.LORA),
        ({"lora_unet_mid_block.hada_w1_a": 1}, CheckpointKind.LORA),
        ({"control_model.input_hint_block.0.weight": 1}, CheckpointKind.CONTROLNET),
        ({"controlnet_cond_embedding.conv_in.weight": 1}, CheckpointKind.CONTROLNET),
        ({"clip_l": 1, "clip_g": 1}, CheckpointKind.EMBEDDING),
        ({"encoder.conv_in.weight": 1, "decoder.conv_in.weight": 1, "quant_conv.weight": 1}, CheckpointKind.VAE),
        (VAE, CheckpointKind.VAE),
        ({"text_model.encoder.layers.0.layer_norm1.weight": 1}, CheckpointKind.TEXT_ENCODER),
        ({"encoder.block.0.layer.0.SelfAttention.q.weight": 1, "shared.weight": 1}, CheckpointKind.TEXT_ENCODER),
        ({"weight": 1}, CheckpointKind.UNKNOWN),
        ({}, CheckpointKind.UNKNOWN),
    ],
)
def test_each_kind_is_recognized(tensors: dict[str, int], kind: CheckpointKind) -> None:
    assert identify(tensors, {}).kind is kind


@pytest.mark.parametrize(
    ("marks", "metadata", "prediction", "zero_snr"),
    [
        ({}, {}, None, False),
        ({"v_pred": 0}, {}, Prediction.V, False),
        ({"v_pred": 0, "ztsnr": 0}, {}, Prediction.V, True),
        ({}, {"modelspec.prediction_type": "v"}, Prediction.V, False),
        ({}, {"modelspec.prediction_type": "epsilon"}, Prediction.EPSILON, False),
        ({}, {"modelspec.prediction_type": "something else"}, None, False),
    ],
)
def test_prediction_and_noise_schedule_are_read_from_the_file(
    marks: dict[str, int], metadata: dict[str, str], prediction: Prediction | None, zero_snr: bool
) -> None:
    assert identify(SDXL | marks, metadata) == Checkpoint(CheckpointKind.SDXL, prediction, zero_snr)


def test_a_checkpoint_without_a_vae_is_recognized() -> None:
    assert identify(UNET | ENCODERS, {}) == Checkpoint(CheckpointKind.SDXL, has_vae=False)


def test_ema_weights_and_position_ids_of_merges_change_nothing() -> None:
    merge = SDXL | {"model_ema.decay": 1, "conditioner.embedders.0.transformer.text_model.embeddings.position_ids": 77}
    assert identify(merge, {}).kind is CheckpointKind.SDXL
