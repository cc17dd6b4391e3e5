"""The connectors that the suite tests."""

from . import a1111_peer, comfyui_peer, example_peer, http_peer, ollama_peer, openai_peer, stability_peer
from .suite import Subject

SUBJECTS: tuple[Subject, ...] = (
    a1111_peer.A1111,
    a1111_peer.A1111_WITHOUT_IDS,
    comfyui_peer.COMFYUI,
    example_peer.EXAMPLE,
    http_peer.CAPTION,
    http_peer.PICTURE,
    ollama_peer.OLLAMA,
    openai_peer.CHAT,
    openai_peer.IMAGE,
    stability_peer.STABILITY,
)
