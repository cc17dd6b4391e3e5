"""The registry: every family whose models a worker can load and run."""

from gpu_worker.pipelines.family import PipelineFamily
from gpu_worker.pipelines.qwen.family import QWEN
from gpu_worker.pipelines.sdxl.family import SDXL
from gpu_worker.pipelines.wan.family import WAN
from gpu_worker.pipelines.z_image.family import Z_IMAGE

REGISTRY: tuple[PipelineFamily, ...] = (SDXL, WAN, QWEN, Z_IMAGE)


def pipeline_serving(payload_family: str) -> PipelineFamily:
    """Return the family whose pipeline runs payloads of this family; raises ValueError if there is none."""
    for family in REGISTRY:
        if payload_family in family.serves:
            return family
    raise ValueError(f"no pipeline runs payloads of the family {payload_family!r}")
