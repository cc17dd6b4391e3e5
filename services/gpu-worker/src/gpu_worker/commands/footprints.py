"""`darkroom worker footprints`: measures the memory of the known architectures."""

from pathlib import Path
from typing import Annotated

import typer


def footprints(
    write: Annotated[Path | None, typer.Option(help="Write the book to this file instead of printing it.")] = None,
) -> None:
    """Measure weights and stages of each architecture on torch's meta device: no GPU, no weights, two minutes."""
    from gpu_worker.models.footprint_book import write_book
    from gpu_worker.pipelines.footprints.measure import library_versions, measure_all
    from gpu_worker.runtime.quiet_libraries import silence_model_libraries

    silence_model_libraries()
    text = write_book(measure_all(), library_versions())
    if write is None:
        typer.echo(text, nl=False)
    else:
        write.write_text(text)
