"""Measures every architecture of the book."""

from collections.abc import Mapping
from importlib.metadata import version

from gpu_worker.domain.memory.footprint import Footprint
from gpu_worker.pipelines.footprints.qwen import measure_qwen
from gpu_worker.pipelines.footprints.sdxl import measure_sdxl
from gpu_worker.pipelines.footprints.wan import measure_wan


def measure_all() -> dict[str, Footprint]:
    """Measure each architecture on the meta device; takes about two minutes."""
    return {"sdxl": measure_sdxl(), "wan2.1-t2v-1.3b": measure_wan(), "qwen2.5-7b": measure_qwen()}


def library_versions() -> Mapping[str, str]:
    """Return the versions that the measurement depends on."""
    return {name: version(name) for name in ("torch", "diffusers", "transformers")}
