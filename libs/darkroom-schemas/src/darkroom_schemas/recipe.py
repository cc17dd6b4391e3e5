"""The reproducibility record of one output: stored on the asset and written into the PNG."""

from darkroom_schemas.base import Wire


class ModelRef(Wire):
    """A model as it was loaded. `sha256` is None only where a folder's weights were not hashed yet."""

    name: str
    source: str
    revision: str | None = None
    sha256: str | None = None


class Recipe(Wire):
    """Everything that decides the pixels. The same recipe gives the same bytes in the same `batch_shape`."""

    prompt: str
    negative_prompt: str = ""
    original_prompt: str | None = None
    seed: int
    width: int
    height: int
    frames: int = 1
    fps: int | None = None
    steps: int
    guidance_scale: float
    sampler: str
    model: ModelRef
    batch_shape: tuple[int, ...]
    batch_index: int = 0
    device: str
    dtype: str
    threads: int
    libraries: dict[str, str]
    profile: str
