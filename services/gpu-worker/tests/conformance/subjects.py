"""The connectors that the suite tests."""

from . import comfyui_peer, example_peer
from .suite import Subject

SUBJECTS: tuple[Subject, ...] = (
    comfyui_peer.COMFYUI,
    example_peer.EXAMPLE,
)
