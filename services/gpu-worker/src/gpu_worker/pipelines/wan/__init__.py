"""WAN 2.1: videos, and images as videos of one frame."""
