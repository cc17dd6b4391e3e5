"""`python -m webhook_dispatcher`: serve, or run a command."""

from webhook_dispatcher.commands.program import cli

cli(prog_name="python -m webhook_dispatcher")
