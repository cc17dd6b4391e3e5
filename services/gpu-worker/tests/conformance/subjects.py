"""The connectors that the suite tests."""

from . import example_peer
from .suite import Subject

SUBJECTS: tuple[Subject, ...] = (example_peer.EXAMPLE,)
