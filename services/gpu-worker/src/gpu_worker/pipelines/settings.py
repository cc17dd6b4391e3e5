"""Settings of a pipeline that belong to the model and to none of its parts."""

from typing import Any


def pipeline_settings(pipeline: Any) -> dict[str, Any]:  # pipelines of diffusers are untyped
    """Return the arguments beside the parts that rebuild the pipeline, such as `force_zeros_for_empty_prompt`."""
    return {
        name: value
        for name, value in pipeline.config.items()
        if name not in pipeline.components and not name.startswith("_")
    }
