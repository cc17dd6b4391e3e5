"""`python -m platform_api`: serve, or run a command."""

from platform_api.commands.program import cli

cli(prog_name="python -m platform_api")
