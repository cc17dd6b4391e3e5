"""A model in the layout of darkroom-mini with few and untrained weights."""

from pathlib import Path

from darkroom_mini.training.autoencoder import new_autoencoder
from darkroom_mini.training.denoiser import new_denoiser
from darkroom_mini.training.export import export
from darkroom_mini.training.home import Home
from darkroom_mini.training.plan import Plan
from darkroom_mini.training.text import TextEncoders
from darkroom_mini.training.vocabulary import build_vocabulary, tokenizers

PLAN = Plan(
    vae_widths=(8, 12, 16, 20, 24),
    vocabulary_captions=300,
    text_hidden=(16, 16),
    text_layers=2,
    pooled=16,
    unet_widths=(8, 16, 32),
)


def export_untrained(folder: Path) -> Path:
    """Write the model into `folder / "darkroom-mini"`, and return that."""
    home = Home(folder)
    build_vocabulary(PLAN, home)
    words = len(tokenizers(home)[0])
    parts = {"text": TextEncoders(PLAN, words), "decoder": new_autoencoder(PLAN), "denoiser": new_denoiser(PLAN)}
    for name, module in parts.items():
        home.save(f"{name}.pt", module.state_dict())
    export(PLAN, home, folder / "darkroom-mini")
    return folder / "darkroom-mini"
