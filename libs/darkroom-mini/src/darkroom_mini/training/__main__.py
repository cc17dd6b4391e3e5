"""The command line of the training: `python -m darkroom_mini.training STAGE ...`."""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from darkroom_mini.training.home import BusyError, Home
from darkroom_mini.training.plan import Plan

STAGES = ("prepare", "text", "embed", "decoder", "denoiser")
_DEFAULT_HOME = Path(".train-mini")


def main(arguments: list[str] | None = None) -> int:
    """Run stages in order. A stage that is complete is skipped, one that was stopped goes on.

    Return 2 if another process runs a stage or earlier ones are missing, 3 after a stop.
    """
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    home = Home(options.home.resolve())
    plan = Plan() if options.denoiser_steps is None else replace(Plan(), denoiser_steps=options.denoiser_steps)
    import torch

    torch.set_num_threads(options.threads)
    for name in options.stages or STAGES:
        if home.asked_to_stop:
            print(f"Stopped before {name}; remove {home.root}/STOP and run the same command to go on")
            return 3
        try:
            with home.alone(name):
                _RUN[name](plan, home, options)
        except (BusyError, FileNotFoundError) as error:
            print(error, file=sys.stderr)
            return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m darkroom_mini.training", description=main.__doc__)
    stages = f"{', '.join(_RUN)}; all up to the denoiser by default"
    parser.add_argument("stages", nargs="*", type=_stage, metavar="STAGE", help=stages)
    parser.add_argument("--home", type=Path, default=_DEFAULT_HOME, help="folder of data, states and weights")
    parser.add_argument("--threads", type=int, default=2, help="of torch, and processes that draw")
    parser.add_argument(
        "--processes",
        type=_count,
        default=1,
        help="that train decoder, denoiser and expander together, each with a batch of its own and one thread",
    )
    parser.add_argument("--denoiser-steps", type=int, help="instead of the plan's: fewer end earlier, more go on")
    parser.add_argument(
        "--half",
        action="store_true",
        help="train decoder, denoiser and expander in bfloat16, for CPUs with AMX and for GPUs",
    )
    parser.add_argument(
        "--to", type=Path, help="what `export` and `export-expander` (folders) and `sheet` (a file) write"
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: 1 or more")
    return int(text)


def _stage(name: str) -> str:
    if name not in _RUN:
        raise argparse.ArgumentTypeError(f"no stage {name!r}; there are: {', '.join(_RUN)}")
    return name


def _prepare(plan: Plan, home: Home, options: argparse.Namespace) -> None:
    from darkroom_mini.training.prepare import prepare

    prepare(plan, home, options.threads)


def _text(plan: Plan, home: Home, _: argparse.Namespace) -> None:
    from darkroom_mini.training.loop import run
    from darkroom_mini.training.text import TextStage
    from darkroom_mini.training.vocabulary import MERGES, build_vocabulary

    if not home.has(MERGES):
        build_vocabulary(plan, home)
    stage = TextStage(plan, home)
    if run(stage, home, plan.seed, plan.checkpoint_s):
        print("Read rightly of new captions:", {k: round(v, 4) for k, v in stage.accuracy(2_000).items()}, flush=True)


def _embed(plan: Plan, home: Home, _: argparse.Namespace) -> None:
    from darkroom_mini.training.embeddings import embed_captions

    embed_captions(plan, home)


def _decoder(plan: Plan, home: Home, options: argparse.Namespace) -> None:
    from darkroom_mini.training.decoder import train_decoder
    from darkroom_mini.training.team import train_together

    train_together(options.processes, partial(train_decoder, plan, home, options.half))


def _denoiser(plan: Plan, home: Home, options: argparse.Namespace) -> None:
    from darkroom_mini.training.denoiser import train_denoiser
    from darkroom_mini.training.team import train_together

    train_together(options.processes, partial(train_denoiser, plan, home, options.half))


def _export(plan: Plan, home: Home, options: argparse.Namespace) -> None:
    from darkroom_mini.training.export import export

    folder = options.to or home.path("model")
    print(f"{folder}: {export(plan, home, folder) / 1e6:.1f} MB")


def _sheet(plan: Plan, home: Home, options: argparse.Namespace) -> None:
    from darkroom_mini.training.export import assemble
    from darkroom_mini.training.sheet import PROMPTS, draw_sheet

    file = options.to or home.path("sheet.png")
    draw_sheet(assemble(plan, home), PROMPTS, file)
    print(file)


def _expander(plan: Plan, home: Home, options: argparse.Namespace) -> None:
    from darkroom_mini.training.expander import TOKENIZER, build_expander_vocabulary, train_expander
    from darkroom_mini.training.team import train_together

    if not home.has(TOKENIZER):
        build_expander_vocabulary(plan, home)
    train_together(options.processes, partial(train_expander, plan, home, options.half))


def _export_expander(plan: Plan, home: Home, options: argparse.Namespace) -> None:
    from darkroom_mini.training.expander import export_expander

    folder = options.to or home.path("expander")
    export_expander(plan, home, folder)
    print(folder)


_RUN: dict[str, Callable[[Plan, Home, argparse.Namespace], None]] = {
    "prepare": _prepare,
    "text": _text,
    "embed": _embed,
    "decoder": _decoder,
    "denoiser": _denoiser,
    "export": _export,
    "sheet": _sheet,
    "expander": _expander,
    "export-expander": _export_expander,
}

if __name__ == "__main__":
    import torch

    torch.set_flush_denormal(True)  # tiny second moments make a step a sixth slower
    sys.exit(main())
