"""The files of a component that are loaded, among those that a folder has."""

import pytest
from gpu_worker.models.variants import AUTO, choose_variant, variant_in

PLAIN, FP16 = "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors"


@pytest.mark.parametrize(
    ("names", "stated", "half", "chosen"),
    [
        ([FP16], AUTO, True, "fp16"),
        ([FP16], AUTO, False, "fp16"),
        ([PLAIN, FP16], AUTO, True, "fp16"),
        ([PLAIN, FP16], AUTO, False, None),
        ([PLAIN, FP16], None, True, None),
        ([PLAIN, FP16], "fp16", False, "fp16"),
        ([PLAIN], "fp16", True, None),
        (["model.non_ema.safetensors", "model.bf16.safetensors"], AUTO, True, "bf16"),
        (["model.b.safetensors", "model.a.safetensors"], AUTO, True, "a"),
        ([], AUTO, True, None),
    ],
)
def test_the_variant_follows_what_is_there(
    names: list[str], stated: str | None, half: bool, chosen: str | None
) -> None:
    assert choose_variant(names, stated, half=half) == chosen


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("model-00001-of-00004.safetensors", None),
        ("model.fp16-00001-of-00002.safetensors", "fp16"),
        ("sdxl_base.v2.0.safetensors", None),
        ("config.json", None),
    ],
)
def test_the_variant_is_read_from_the_name(name: str, variant: str | None) -> None:
    assert variant_in(name) == variant
