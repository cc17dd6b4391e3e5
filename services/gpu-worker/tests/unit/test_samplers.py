"""The samplers that the platform promises are those that the worker has, by every spelling."""

from collections.abc import Callable

import pytest
from darkroom_schemas.samplers import SDXL_SAMPLERS
from gpu_worker.domain.failures import Failure
from gpu_worker.pipelines.sdxl import samplers as sdxl
from gpu_worker.pipelines.wan import samplers as wan


def test_the_worker_has_the_samplers_that_are_promised() -> None:
    assert set(sdxl.SAMPLERS) == set(SDXL_SAMPLERS)


@pytest.mark.parametrize("make", [sdxl.make_sampler, wan.make_sampler])
def test_the_worker_takes_a_sampler_in_any_spelling(make: Callable[[str, dict[str, float]], object]) -> None:
    config = {"num_train_timesteps": 1000, "flow_shift": 3.0}
    assert type(make("dpmpp_2m", config)) is type(make("DPM++ 2M", config))
    with pytest.raises(Failure, match="there are"):
        make("warp", config)
