"""Where the weights of a model's components are, and what a stage then holds on the card."""

from collections.abc import Mapping
from enum import StrEnum

from gpu_worker.domain.memory.footprint import DENOISERS, TEXT_ENCODERS, Component, Footprint, StageName


class Placement(StrEnum):
    """How the components of a model share the card, fastest first."""

    RESIDENT = "resident"
    """Every component stays on the card."""
    TEXT_OUT = "text_out"
    """The text encoders leave the card when the text is encoded; the others stay."""
    OFFLOADED = "offloaded"
    """One component at a time is on the card; the others wait in main memory."""
    TEXT_STREAMED = "text_streamed"
    """The text encoders pass through the card layer by layer; the others stay."""


_USED_BY: Mapping[StageName, tuple[Component, ...]] = {
    StageName.ENCODE: TEXT_ENCODERS,
    StageName.ENCODE_IMAGE: (Component.VAE,),
    StageName.ENCODE_IMAGE_TILED: (Component.VAE,),
    StageName.DENOISE: DENOISERS,
    StageName.DECODE: (Component.VAE,),
    StageName.DECODE_TILED: (Component.VAE,),
    StageName.WRITE: (Component.LANGUAGE_MODEL,),
}

_STREAMED_SHARE = 0.25
"""Upper bound of a text encoder's largest layer: the embedding, 2.1 of UMT5's 11.4 GB."""


def placements_of(footprint: Footprint) -> tuple[Placement, ...]:
    """Return the placements that differ for a model: a model of one component is resident or not there."""
    if len(footprint.weights) == 1:
        return (Placement.RESIDENT,)
    if not any(component in footprint.weights for component in TEXT_ENCODERS):
        return (Placement.RESIDENT, Placement.OFFLOADED)
    return tuple(Placement)


def bytes_during(footprint: Footprint, placement: Placement, stage: StageName) -> int:
    """Return the weights on the card during a stage."""
    used = sum(footprint.weights.get(component, 0) for component in _USED_BY[stage])
    match placement:
        case Placement.RESIDENT:
            return footprint.weights_bytes
        case Placement.TEXT_OUT:
            return footprint.weights_bytes - (0 if stage is StageName.ENCODE else _text_bytes(footprint))
        case Placement.OFFLOADED:
            return used
        case Placement.TEXT_STREAMED:
            kept = footprint.weights_bytes - _text_bytes(footprint)
            return kept + (round(used * _STREAMED_SHARE) if stage is StageName.ENCODE else 0)


def bytes_between_steps(footprint: Footprint, placement: Placement) -> int:
    """Return the weights that stay on the card while the model is loaded and no step uses it."""
    match placement:
        case Placement.RESIDENT:
            return footprint.weights_bytes
        case Placement.OFFLOADED:
            # The component that ran last stays until the next step moves it.
            return footprint.weights.get(Component.VAE, 0)
        case _:
            return footprint.weights_bytes - _text_bytes(footprint)


def ram_bytes(footprint: Footprint, placement: Placement) -> int:
    """Return the weights that stay in main memory while the model is loaded."""
    match placement:
        case Placement.RESIDENT:
            return 0
        case Placement.OFFLOADED:
            return footprint.weights_bytes
        case _:
            return _text_bytes(footprint)


def _text_bytes(footprint: Footprint) -> int:
    return sum(footprint.weights.get(component, 0) for component in TEXT_ENCODERS)
