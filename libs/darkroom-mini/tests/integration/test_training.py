"""Each stage of a training on a micro set: it learns, can be stopped, and goes on with the same bytes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from darkroom_mini.training.__main__ import main
from darkroom_mini.training.autoencoder import new_autoencoder
from darkroom_mini.training.crafted_encoder import craft_encoder
from darkroom_mini.training.decoder import DecoderStage
from darkroom_mini.training.denoiser import DenoiserStage, train_denoiser
from darkroom_mini.training.embeddings import embed_captions
from darkroom_mini.training.expander import ExpanderStage, build_expander_vocabulary, export_expander
from darkroom_mini.training.export import assemble, export
from darkroom_mini.training.home import BusyError, Home
from darkroom_mini.training.latents import BLOCK_PX, as_images, blocks_of, fit_latents
from darkroom_mini.training.loop import Stage, run, step_generator
from darkroom_mini.training.plan import Plan, Shape
from darkroom_mini.training.prepare import KEPT, prepare
from darkroom_mini.training.team import train_together
from darkroom_mini.training.text import TextStage
from darkroom_mini.training.vocabulary import build_vocabulary

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of NumPy, about code of diffusers
NEVER_S = 1e9
PLAN = Plan(
    shapes=(Shape("square", 256, 256, 24, 0.7), Shape("wide", 384, 256, 6, 0.3)),
    kept_pictures=10,
    channels=8,
    vae_widths=(8, 12, 16, 20, 24),
    vocabulary_captions=1_500,
    text_hidden=(16, 16),
    text_layers=2,
    pooled=16,
    unet_widths=(8, 16, 32),
    text_steps=16,
    text_batch=32,
    decoder_steps=8,
    decoder_batch=4,
    denoiser_steps=12,
    denoiser_batch=8,
    expander_hidden=16,
    expander_layers=1,
    expander_steps=10,
    expander_batch=8,
)
STAGES: dict[str, Callable[[Plan, Home], Stage]] = {
    "text": TextStage,
    "decoder": DecoderStage,
    "denoiser": DenoiserStage,
    "expander": ExpanderStage,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a folder with all data, and with trained text encoders, decoder and denoiser."""
    torch.set_num_threads(1)
    home = Home(tmp_path_factory.mktemp("training"))
    prepare(PLAN, home, processes=1)
    build_vocabulary(PLAN, home)
    run(TextStage(PLAN, home), home, PLAN.seed, NEVER_S)
    embed_captions(PLAN, home)
    run(DecoderStage(PLAN, home), home, PLAN.seed, NEVER_S)
    run(DenoiserStage(PLAN, home), home, PLAN.seed, NEVER_S)
    build_expander_vocabulary(PLAN, home)
    run(ExpanderStage(PLAN, home), home, PLAN.seed, NEVER_S)
    return home


def copy_of(home: Home, folder: Path) -> Home:
    """Return a folder with the same data and finished weights, but without the states of unfinished stages."""
    for file in home.root.iterdir():
        if not file.name.endswith(".state.pt"):
            (folder / file.name).symlink_to(file)
    return Home(folder)


def loss_of(stage: Stage) -> float:
    with torch.no_grad():
        return float(sum(stage.loss(0, step_generator(99, "measure", step)) for step in range(4)))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_learns(name: str, home: Home) -> None:
    before, after = STAGES[name](PLAN, home), STAGES[name](PLAN, home)
    after.module.load_state_dict(home.load(f"{name}.state.pt")["module"])
    assert loss_of(after) < loss_of(before)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_that_is_stopped_goes_on_to_the_same_bytes(name: str, home: Home, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path)
    (tmp_path / f"{name}.pt").unlink()
    stage = STAGES[name](PLAN, other)
    loss, asked = stage.loss, iter(range(5))

    class Stopping:
        name, module, pace = stage.name, stage.module, stage.pace

        def loss(self, step: int, generator: torch.Generator) -> torch.Tensor:
            if next(asked) == 4:
                (tmp_path / "STOP").touch()
            return loss(step, generator)

    assert not run(Stopping(), other, PLAN.seed, NEVER_S)
    (tmp_path / "STOP").unlink()
    assert run(STAGES[name](PLAN, other), other, PLAN.seed, NEVER_S)
    once, twice = home.load(f"{name}.pt"), other.load(f"{name}.pt")
    assert once.keys() == twice.keys()
    assert all(torch.equal(once[key], twice[key]) for key in once)


@pytest.mark.parametrize("kind", [DecoderStage, DenoiserStage])
def test_layers_in_bfloat16_learn_the_same(kind: type[DecoderStage] | type[DenoiserStage], home: Home) -> None:
    full, half = kind(PLAN, home), kind(PLAN, home, half=True)
    for stage in (full, half):
        stage.loss(0, step_generator(1, "half", 0)).backward()  # type: ignore[no-untyped-call]
    for one, other in zip(full.module.parameters(), half.module.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        if one.grad is not None and other.grad is not None and one.grad.norm() > 1e-2:
            alike = torch.cosine_similarity(one.grad.flatten(), other.grad.flatten(), 0)
            assert other.grad.dtype == torch.float32
            assert alike > 0.95


def test_a_step_of_two_processes_uses_the_mean_of_their_gradients(home: Home, tmp_path: Path) -> None:
    plan = replace(PLAN, denoiser_steps=1)
    together = copy_of(home, tmp_path)
    (tmp_path / "denoiser.pt").unlink()
    train_together(2, partial(train_denoiser, plan, together, False))

    stage = DenoiserStage(plan, home)
    losses = [stage.loss(0, step_generator(plan.seed, "denoiser", 0, rank)) for rank in range(2)]
    torch.stack(losses).mean().backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
    trained = list(stage.module.parameters())
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    moments = together.load("denoiser.state.pt")["optimizer"]["state"]
    share = 1 - stage.pace.betas[0]
    for place, parameter in enumerate(trained):
        assert parameter.grad is not None
        torch.testing.assert_close(moments[place]["exp_avg"], share * parameter.grad, rtol=1e-3, atol=1e-7)


def test_the_crafted_encoder_computes_the_designed_latents(home: Home) -> None:
    pixels = np.asarray(home.array(KEPT))
    latents = fit_latents(blocks_of(pixels).reshape(-1, BLOCK_PX**2 * 3), Plan().channels)
    vae = new_autoencoder(Plan())
    craft_encoder(vae, latents)
    pixels = pixels[:2]
    with torch.no_grad():
        found = vae.encode(as_images(pixels)).latent_dist.mean
    assert (found - torch.from_numpy(latents.encode(pixels))).abs().max() < 0.05


def test_an_exported_model_is_a_pipeline_that_draws(home: Home, tmp_path: Path) -> None:
    from diffusers import StableDiffusionXLPipeline

    folder = tmp_path / "model"
    assert export(PLAN, home, folder) == sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    loaded = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    pictures = [
        pipeline(
            "a cat", width=384, height=256, num_inference_steps=2, generator=torch.Generator().manual_seed(1)
        ).images[0]
        for pipeline in (loaded, assemble(PLAN, home))
    ]
    assert pictures[0].size == (384, 256)
    difference = np.abs(np.asarray(pictures[0], np.int16) - np.asarray(pictures[1], np.int16))
    assert difference.mean() < 3


def test_an_exported_expander_writes_after_a_request(home: Home, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    export_expander(PLAN, home, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32, local_files_only=True)
    turns = [{"role": "system", "content": "Describe."}, {"role": "user", "content": "eine Katze"}]
    asked = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    assert asked == "<|im_start|>user\neine Katze<|im_end|>\n<|im_start|>assistant\n"
    ids = torch.tensor([tokenizer(asked)["input_ids"]])
    torch.manual_seed(1)
    written = model.generate(ids, max_new_tokens=5, attention_mask=torch.ones_like(ids))
    assert ids.shape[1] < written.shape[1] <= ids.shape[1] + 5


def test_two_processes_cannot_run_the_same_stage(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.alone("text"), home.alone("decoder"), pytest.raises(BusyError, match="runs the stage `text`"):
        home.alone("text").__enter__()
    with home.alone("text"):
        pass


def test_the_command_says_what_is_missing_and_which_stages_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["denoiser", "--home", str(tmp_path), "--threads", "1"]) == 2
    assert "run the earlier stages first" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["unet"])
    assert "no stage 'unet'; there are: prepare, text, embed" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["denoiser", "--processes", "0"])
    assert "'0' is no number of processes: 1 or more" in capsys.readouterr().err


def test_a_stop_file_ends_the_command_before_the_next_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "STOP").touch()
    assert main(["--home", str(tmp_path), "--threads", "1"]) == 3
    assert "Stopped before prepare" in capsys.readouterr().out


def test_a_missing_stage_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run the earlier stages first"):
        TextStage(PLAN, Home(tmp_path))
