"""The defaults of an entry for the noise schedule reach every sampler of a job."""

from pathlib import Path

import pytest
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.registry import ModelEntry
from gpu_worker.pipelines.context import LoadContext
from gpu_worker.pipelines.sdxl.load import load_sdxl
from gpu_worker.pipelines.sdxl.samplers import make_sampler
from gpu_worker.runtime.device import choose_device


@pytest.mark.parametrize("sampler", ["Euler", "DPM++ 2M Karras", "LCM", "TCD"])
def test_samplers_have_the_spacing_and_the_prediction_of_the_entry(models_dir: Path, sampler: str) -> None:
    defaults = {"timestep_spacing": "trailing", "prediction_type": "v_prediction"}
    raw = {"family": "sdxl", "source": {"tiny": "sdxl"}, "disk_bytes": 1, "defaults": defaults}
    context = LoadContext(choose_device(("cpu",), None), models_dir)
    model = load_sdxl("mine", ModelEntry.model_validate(raw), Placement.RESIDENT, context)
    config = make_sampler(sampler, model.parts["scheduler"].config).config
    assert (config.timestep_spacing, config.prediction_type) == ("trailing", "v_prediction")
