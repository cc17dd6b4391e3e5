"""Writes a diffusers SDXL pipeline as one checkpoint in the key layout that model sites share."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

Weights = Iterator[tuple[str, torch.Tensor]]

_UNET_TOP = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_VAE = {
    "mid_block.attentions.0.": "mid.attn_1.",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
    "conv_shortcut": "nin_shortcut",
    "conv_norm_out": "norm_out",
}
_SECOND_ENCODER = {
    "self_attn.out_proj.": "attn.out_proj.",
    "layer_norm1.": "ln_1.",
    "layer_norm2.": "ln_2.",
    "mlp.fc1.": "mlp.c_fc.",
    "mlp.fc2.": "mlp.c_proj.",
}
_RESNETS_IN_LEVEL = 2
_PER_LEVEL = _RESNETS_IN_LEVEL + 1
_BLOCK = re.compile(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.*)")
_MIDDLE = re.compile(r"mid_block\.(resnets|attentions)\.(\d)\.(.*)")


def write_single_file(pipeline: Any, path: Path) -> None:  # Any, here and below: diffusers has no types
    """Write all weights of the pipeline into one `.safetensors` file."""
    weights = dict(_unet(pipeline.unet)) | dict(_vae(pipeline.vae))
    weights |= dict(_first_encoder(pipeline.text_encoder)) | dict(_second_encoder(pipeline.text_encoder_2))
    save_file({name: tensor.contiguous().clone() for name, tensor in weights.items()}, path)


def _unet(unet: Any) -> Weights:
    for name, tensor in unet.state_dict().items():
        yield f"model.diffusion_model.{_unet_name(name)}", tensor


def _unet_name(name: str) -> str:
    for ours, theirs in _UNET_TOP.items():
        if name.startswith(f"{ours}."):
            return theirs + name.removeprefix(ours)
    if block := _BLOCK.match(name):
        side, level, kind, place, rest = block[1], int(block[2]), block[3], int(block[4]), block[5]
        if kind == "downsamplers":
            return f"input_blocks.{_PER_LEVEL * (level + 1)}.0.op.{rest.removeprefix('conv.')}"
        if kind == "upsamplers":
            return f"output_blocks.{_PER_LEVEL * level + _RESNETS_IN_LEVEL}.2.{rest}"
        number = _PER_LEVEL * level + place + (1 if side == "down" else 0)
        home = f"{'input' if side == 'down' else 'output'}_blocks.{number}"
        return f"{home}.0.{_resnet(rest)}" if kind == "resnets" else f"{home}.1.{rest}"
    middle = _MIDDLE.match(name)
    assert middle is not None, name
    if middle[1] == "attentions":
        return f"middle_block.1.{middle[3]}"
    return f"middle_block.{2 * int(middle[2])}.{_resnet(middle[3])}"


def _resnet(rest: str) -> str:
    part, dot, end = rest.partition(".")
    return _RESNET[part] + dot + end


def _vae(vae: Any) -> Weights:
    highest = len(vae.config.block_out_channels) - 1
    for name, tensor in vae.state_dict().items():
        theirs = re.sub(r"encoder\.down_blocks\.(\d)\.resnets\.", r"encoder.down.\1.block.", name)
        theirs = re.sub(r"encoder\.down_blocks\.(\d)\.downsamplers\.0\.", r"encoder.down.\1.downsample.", theirs)
        theirs = re.sub(r"decoder\.up_blocks\.(\d)\.resnets\.", _reversed("block", highest), theirs)
        theirs = re.sub(r"decoder\.up_blocks\.(\d)\.upsamplers\.0\.", _reversed("upsample", highest), theirs)
        theirs = re.sub(r"mid_block\.resnets\.(\d)\.", lambda m: f"mid.block_{int(m[1]) + 1}.", theirs)
        for part, replacement in _VAE.items():
            theirs = theirs.replace(part, replacement)
        is_projection = ".attn_1." in theirs and tensor.ndim == 2
        yield f"first_stage_model.{theirs}", tensor[:, :, None, None] if is_projection else tensor


def _reversed(kind: str, highest: int) -> Any:
    return lambda match: f"decoder.up.{highest - int(match[1])}.{kind}."


def _first_encoder(encoder: Any) -> Weights:
    for name, tensor in encoder.state_dict().items():
        theirs = name.removeprefix("text_model.")
        yield f"conditioner.embedders.0.transformer.text_model.{theirs}", tensor


def _second_encoder(encoder: Any) -> Weights:
    ours = {name.removeprefix("text_model."): tensor for name, tensor in encoder.state_dict().items()}
    home = "conditioner.embedders.1.model."
    yield f"{home}token_embedding.weight", ours["embeddings.token_embedding.weight"]
    yield f"{home}positional_embedding", ours["embeddings.position_embedding.weight"]
    yield f"{home}text_projection", ours["text_projection.weight"].T
    for end in ("weight", "bias"):
        yield f"{home}ln_final.{end}", ours[f"final_layer_norm.{end}"]
        for number in range(encoder.config.num_hidden_layers):
            layer, block = f"encoder.layers.{number}.", f"{home}transformer.resblocks.{number}."
            joined = torch.cat([ours[f"{layer}self_attn.{part}_proj.{end}"] for part in "qkv"])
            yield f"{block}attn.in_proj_{end}", joined
            for mine, theirs in _SECOND_ENCODER.items():
                yield f"{block}{theirs}{end}", ours[f"{layer}{mine}{end}"]
