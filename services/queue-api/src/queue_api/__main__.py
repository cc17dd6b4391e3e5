"""`python -m queue_api`: serve, or run a command."""

from queue_api.commands.program import cli

cli(prog_name="python -m queue_api")
