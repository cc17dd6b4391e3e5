"""The command line of the judge: `python -m darkroom_mini.judge learn|prove`."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

_DEFAULT_HOME = Path(".train-mini/judge")


def main(arguments: list[str] | None = None) -> int:
    """Train the judge on renders, or let it score the pictures of a model."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    torch.set_num_threads(options.threads)
    return _learn(options) if options.command == "learn" else _prove(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m darkroom_mini.judge", description=main.__doc__)
    parser.add_argument("--home", type=Path, default=_DEFAULT_HOME, help="folder of the judge")
    parser.add_argument("--threads", type=int, default=2, help="of torch, and processes that draw")
    commands = parser.add_subparsers(dest="command", required=True)
    learn = commands.add_parser("learn", help="train the judge, and measure it on fresh renders")
    learn.add_argument("--pictures", type=int, default=24_000)
    learn.add_argument("--fresh", type=int, default=2_000)
    learn.add_argument("--steps", type=int, default=3_000)
    prove = commands.add_parser("prove", help="score a model on prompts that it was not trained on")
    prove.add_argument("model", type=Path, help="folder of the pipeline")
    prove.add_argument("--prompts", type=int, default=500)
    prove.add_argument("--passes", type=int, default=3, help="pictures of each prompt, each with its own seed")
    prove.add_argument("--steps", type=int, default=12)
    prove.add_argument("--guidance", type=float, default=3.0)
    prove.add_argument("--random-weights", action="store_true", help="give the UNet random weights, to compare with")
    return parser


def _learn(options: argparse.Namespace) -> int:
    from darkroom_mini.judge.learn import learn

    found = learn(
        options.home,
        pictures=options.pictures,
        fresh=options.fresh,
        steps=options.steps,
        processes=options.threads,
    )
    _print_table({"fresh renders": found})
    return 0


def _prove(options: argparse.Namespace) -> int:
    from darkroom_mini.judge.learn import load_judge
    from darkroom_mini.judge.prompts import proof_prompts
    from darkroom_mini.judge.proof import draw_with, open_pipeline, prove

    pipeline = open_pipeline(options.model, random_weights=options.random_weights)
    draw = draw_with(pipeline, steps=options.steps, guidance=options.guidance)
    scores = prove(load_judge(options.home), draw, proof_prompts(options.prompts), options.passes)
    _print_table(scores)
    name = "random" if options.random_weights else "model"
    (options.home / f"proof-{name}.json").write_text(json.dumps(scores, indent=1))
    return 0


def _print_table(scores: Mapping[str, Mapping[str, float]]) -> None:
    questions = list(next(iter(scores.values())))
    print(f"{'':16}" + "".join(f"{column:>15}" for column in scores))
    for question in questions:
        cells = (f"{100 * row[question]:15.1f}" if question in row else f"{'-':>15}" for row in scores.values())
        print(f"{question:16}" + "".join(cells))


if __name__ == "__main__":
    sys.exit(main())
