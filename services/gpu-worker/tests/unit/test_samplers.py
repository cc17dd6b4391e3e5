"""The samplers that the platform promises are those that the worker has."""

from darkroom_schemas.samplers import SDXL_SAMPLERS
from gpu_worker.pipelines.sdxl.samplers import SAMPLERS


def test_the_worker_has_the_samplers_that_are_promised() -> None:
    assert set(SAMPLERS) == set(SDXL_SAMPLERS)
