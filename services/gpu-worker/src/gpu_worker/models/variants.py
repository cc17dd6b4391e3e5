"""Chooses among the variants of a component's weights, such as the published `fp16` files.

diffusers and transformers name them `model.fp16.safetensors`, and shards `model.fp16-00001-of-00002.safetensors`.
"""

import re
from collections.abc import Iterable
from pathlib import Path

AUTO = "auto"
_NAME = re.compile(r"[\w-]+?(?:\.(?P<variant>\w+))?(?:-\d{5}-of-\d{5})?\.safetensors")
_HALF_FIRST = ("fp16", "bf16")


def variant_in(name: str) -> str | None:
    """Return the variant that a file's name states, None for a file without one."""
    match = _NAME.fullmatch(name)
    return match["variant"] if match else None


def choose_variant(names: Iterable[str], stated: str | None, *, half: bool) -> str | None:
    """Return the variant to load of files with these names; None means the files without a variant.

    A stated variant is taken where its files exist. Otherwise, files without a variant come first, except that `auto`
    prefers half precision for a model that computes in it. A folder that has one variant only is loaded from that.
    """
    found = {variant_in(name) for name in names}
    if stated not in (None, AUTO) and stated in found:
        return stated
    if stated == AUTO and half and "fp16" in found:
        return "fp16"
    if None in found or not found:
        return None
    return next((variant for variant in _HALF_FIRST if variant in found), min(filter(None, found)))


def weight_files(folder: Path, stated: str | None, *, half: bool) -> tuple[list[Path], str | None]:
    """Return the safetensors files of a component that are loaded, in the order of their names, and their variant."""
    found = sorted(folder.glob("*.safetensors"))
    variant = choose_variant((file.name for file in found), stated, half=half)
    return [file for file in found if variant_in(file.name) == variant], variant
