"""Commands that wait for jobs and download their outputs: generate and watch."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from darkroom_client.calls.jobs import JobOptions
from darkroom_client.cli.connection import TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP, Exit, exit_of
from darkroom_client.cli.folders import DEFAULT_OUTPUT, OutputOption, make_writable
from darkroom_client.cli.terminal import print_error, printable
from darkroom_client.cli.watching import watch_to_end
from darkroom_client.client import Client
from darkroom_client.errors import DarkroomError, NotReachable, ServiceError
from darkroom_client.job_handles import JobHandle
from darkroom_client.models.jobs import Job, JobState

MAX_COUNT = 100
LinesOption = Annotated[bool, typer.Option("--json", help="Print a JSON object per job, one per line.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=HELP)(generate)
    app.command(epilog=HELP)(watch)


def generate(
    prompt: str,
    job_type: Annotated[
        str, typer.Option("--type", "-t", help="Job type; `darkroom types` lists them.")
    ] = "sdxl_image_fast",
    negative: Annotated[str | None, typer.Option(help="Negative prompt: what the output must not show.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the first output (default: random).")] = None,
    bucket: Annotated[str | None, typer.Option(help="Bucket for the outputs (default: the job type's).")] = None,
    project: Annotated[str | None, typer.Option(help="Id of your project, stored with the job.")] = None,
    video: Annotated[str | None, typer.Option(help="Id of your video, stored with the job.")] = None,
    image: Annotated[str | None, typer.Option(help="Id of your image, stored with the job.")] = None,
    lora: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:WEIGHT]", help="LoRA to apply, for SDXL types; the option may be repeated."),
    ] = None,
    init_image: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="Image to start from, for SDXL types; uploaded first."
        ),
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="Mask of the image: white is drawn over, black stays."
        ),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="How far to leave the image (default: 0.75), or the first pass of --hires."),
    ] = None,
    hires: Annotated[
        float | None,
        typer.Option(min=1, max=4, metavar="SCALE", help="Draw again at SCALE times the size, for SDXL types."),
    ] = None,
    count: Annotated[
        int,
        typer.Option(
            min=1,
            max=MAX_COUNT,
            help="Number of jobs to submit and pay. `darkroom types` lists the files per job. With --seed, the seeds "
            "of a job follow those of the previous one.",
        ),
    ] = 1,
    key: Annotated[
        str | None,
        typer.Option(
            "--idempotency-key", help="A repetition with the same key returns the same jobs and charges nothing."
        ),
    ] = None,
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="URL", help="Receives the events of the jobs.")
    ] = None,
    output: OutputOption = DEFAULT_OUTPUT,
    as_json: LinesOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Submit a job, follow it until it ends, and download its outputs."""
    options: JobOptions = {
        "negative_prompt": negative, "bucket": bucket, "project_id": project, "video_id": video, "image_id": image,
        "loras": _weights(lora or []), "webhook_url": webhook,
    }  # fmt: skip
    if mask is not None and init_image is None:
        raise typer.BadParameter("needs --init-image, which it is for", param_hint="--mask")
    make_writable(output)
    with connect(url, token) as client:
        _add_second_pass(options, strength, hires)
        _upload(client, options, {"init_image": init_image, "mask_image": mask}, key)
        seeds = _seeds(client, job_type, seed, count)
        handles, refusal = _submit(client, job_type, prompt, options, seeds, key)
        with _resume_hint(handles):
            for handle in [] if as_json else handles:
                typer.echo(f"job {handle.id}")
            for notice in dict.fromkeys(notice for handle in handles for notice in handle.notices):
                print_error(f"  {printable(notice)}")
        _finish(handles, output, None, as_json)
    if refusal:
        raise typer.Exit(exit_of(refusal))


def watch(
    job_ids: Annotated[list[str], typer.Argument(metavar="JOB", help="Ids of jobs.")],
    output: OutputOption = DEFAULT_OUTPUT,
    limit: Annotated[int | None, typer.Option(min=0, help="Maximum number of files per job (default: all).")] = None,
    as_json: LinesOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Follow jobs until they end, and download their outputs."""
    make_writable(output)
    with connect(url, token) as client:
        _finish([client.jobs.attach(job_id) for job_id in job_ids], output, limit, as_json)


def _add_second_pass(options: JobOptions, strength: float | None, hires: float | None) -> None:
    """Add the second pass, if there is one, and the denoising strength, which is its own then."""
    if hires is None:
        options["denoising_strength"] = strength
    else:
        options["hires"] = {"scale": hires} if strength is None else {"scale": hires, "denoising_strength": strength}


def _upload(client: Client, options: JobOptions, files: Mapping[str, Path | None], key: str | None) -> None:
    """Upload the files and add their assets to the options. With the same key, the same assets are returned."""
    uploaded = {
        name: client.assets.upload(file, idempotency_key=f"{key}-{name}" if key else None).id
        for name, file in files.items()
        if file is not None
    }
    options["init_image"], options["mask_image"] = uploaded.get("init_image"), uploaded.get("mask_image")


def _weights(loras: Sequence[str]) -> dict[str, float]:
    """Return the weight of each LoRA, 1 where none is given."""
    weights = {}
    for text in loras:
        name, _, weight = text.rpartition(":") if ":" in text else (text, "", "1")
        try:
            weights[name] = float(weight)
        except ValueError:
            raise typer.BadParameter(f"must be NAME or NAME:WEIGHT, such as ink:0.8, not {text!r}") from None
    return weights


def _seeds(client: Client, job_type: str, seed: int | None, count: int) -> list[int | None]:
    """Return the first seed of each job. The seeds of a job are consecutive, and no two jobs share a seed."""
    if seed is None or count == 1:
        return [seed] * count
    outputs = next((known.outputs for known in client.job_types.list() if known.name == job_type), 1)
    return [seed + number * outputs for number in range(count)]


def _submit(
    client: Client, job_type: str, prompt: str, options: JobOptions, seeds: Sequence[int | None], key: str | None
) -> tuple[list[JobHandle], DarkroomError | None]:
    """Submit all jobs, and return the accepted ones and the error that stopped the submission, if any."""
    handles: list[JobHandle] = []
    for number, seed in enumerate(seeds, start=1):
        own_key = f"{key}-{number}" if key and number > 1 else key
        one: JobOptions = {**options, "seed": seed, "idempotency_key": own_key}
        try:
            handles.append(client.submit(job_type, prompt, **one))
        except DarkroomError as error:
            if not handles:
                raise
            print_error(f"darkroom: only {len(handles)} of {len(seeds)} jobs were submitted. {error}")
            return handles, error
        except KeyboardInterrupt:
            print_error("Another job may have been accepted: `darkroom jobs` lists it.")
            _print_resume_hint(handles)
            raise
    return handles, None


def _finish(handles: Sequence[JobHandle], output: Path, limit: int | None, as_json: bool) -> None:
    """Wait for the jobs, one after the other, and download their files."""
    console = Console(stderr=True, quiet=as_json)
    failed = False
    for place, handle in enumerate(handles):
        with _resume_hint(handles[place:]):
            job = watch_to_end(handle, console)
            files = handle.save(output, limit=limit) if job.assets else []
            if as_json:
                typer.echo(json.dumps(job.model_dump(mode="json") | {"files": [str(file) for file in files]}))
            else:
                _report(job, files)
        failed = failed or job.status is not JobState.COMPLETED
    if failed:
        raise typer.Exit(Exit.JOB_FAILED)


@contextmanager
def _resume_hint(handles: Sequence[JobHandle]) -> Iterator[None]:
    """Print how to continue following the jobs if the program ends before they do."""
    try:
        yield
    except (KeyboardInterrupt, OSError, NotReachable, ServiceError):
        _print_resume_hint(handles)
        raise


def _print_resume_hint(handles: Sequence[JobHandle]) -> None:
    if handles:
        ids, continues = (
            " ".join(handle.id for handle in handles),
            "The job continues" if len(handles) == 1 else "The jobs continue",
        )
        print_error(f"{continues}: `darkroom watch {ids}` follows and saves, `darkroom cancel {ids}` cancels.")


def _report(job: Job, files: Sequence[Path]) -> None:
    if job.status is not JobState.COMPLETED:
        print_error(f"The job failed: {printable(job.error_message or 'no reason was given')}")
    if job.enhanced_prompt:
        typer.echo(f"enhanced prompt: {printable(job.enhanced_prompt)}")
    for file in files:
        typer.echo(str(file))
