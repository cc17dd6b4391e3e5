"""Measures every architecture of the book."""

from collections.abc import Mapping
from importlib.metadata import version

from gpu_worker.domain.memory.footprint import Footprint
from gpu_worker.pipelines.families import REGISTRY


def measure_all() -> dict[str, Footprint]:
    """Measure each family's architecture on the meta device; takes about two minutes."""
    return {family.architecture: family.measure() for family in REGISTRY}


def library_versions() -> Mapping[str, str]:
    """Return the versions that the measurement depends on."""
    return {name: version(name) for name in ("torch", "diffusers", "transformers")}
