"""The `darkroom` program."""

from darkroom_client.cli.app import main

__all__ = ["main"]
