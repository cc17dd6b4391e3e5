"""WAN 2.1: videos, and stills as videos of one frame."""
