"""`python -m platform_api`: run the service or an operator command."""

from platform_api.commands.program import cli

cli(prog_name="python -m platform_api")
