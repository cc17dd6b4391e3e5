"""The commands `webhooks …`: endpoints that receive events, and their deliveries."""

from typing import Annotated

import typer

from darkroom_client.cli.connection import DispatcherOption, TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP
from darkroom_client.cli.output import Columns, JsonOption, show_json, show_list
from darkroom_client.cli.terminal import print_error
from darkroom_client.models.webhooks import Delivery, Webhook

WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Id of an endpoint.")]
EventOption = Annotated[
    list[str] | None, typer.Option("--event", "-e", help="Event to receive. May be repeated (default: all).")
]
ENDPOINT: Columns[Webhook] = {
    "webhook": lambda hook: hook.id,
    "url": lambda hook: hook.url,
    "active": lambda hook: hook.active,
    "events": lambda hook: hook.events,
    "description": lambda hook: hook.description,
    "switched off because": lambda hook: hook.disabled_reason,
}
DELIVERY: Columns[Delivery] = {
    "message": lambda delivery: delivery.message_id,
    "event": lambda delivery: delivery.event_type,
    "status": lambda delivery: delivery.status,
    "attempts": lambda delivery: delivery.attempts,
    "answer": lambda delivery: delivery.last_status,
    "error": lambda delivery: delivery.last_error,
    "created": lambda delivery: delivery.created_at,
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Manage your webhooks and read their delivery logs. An API key is required; a JWT is not accepted.",
        epilog=HELP,
        no_args_is_help=True,
    )
    group.command("list", epilog=HELP)(list_webhooks)
    group.command(epilog=HELP)(add)
    group.command(epilog=HELP)(change)
    group.command(epilog=HELP)(remove)
    group.command("test", epilog=HELP)(send_test)
    group.command(epilog=HELP)(deliveries)
    app.add_typer(group, name="webhooks")


def list_webhooks(
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    dispatcher_url: DispatcherOption = None,
) -> None:
    """List your endpoints."""
    with connect(url, token, dispatcher_url) as client:
        show_list(client.webhooks.list(), ENDPOINT, as_json=as_json, nothing="There are no webhooks.")


def add(
    endpoint: Annotated[str, typer.Argument(metavar="URL", help="Where events are posted.")],
    event: EventOption = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    dispatcher_url: DispatcherOption = None,
) -> None:
    """Register an endpoint, and print its id and its signing secret, which can't be read again."""
    with connect(url, token, dispatcher_url) as client:
        made = client.webhooks.add(endpoint, events=event, description=description)
    if as_json:
        show_json(made.model_dump(mode="json"))
        return
    typer.echo(f"{made.id}\t{made.secret}")
    print_error("Save the secret now: it verifies signatures, and is not shown again.")


def change(
    webhook_id: WebhookId,
    endpoint: Annotated[str | None, typer.Option("--to", metavar="URL", help="Where events are posted.")] = None,
    event: EventOption = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    active: Annotated[bool | None, typer.Option("--active/--off", help="Enable or disable the endpoint.")] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    dispatcher_url: DispatcherOption = None,
) -> None:
    """Change an endpoint. Fields that are not given stay unchanged."""
    with connect(url, token, dispatcher_url) as client:
        changed = client.webhooks.change(webhook_id, url=endpoint, events=event, description=description, active=active)
    show_list([changed], ENDPOINT, as_json=as_json, nothing="")


def remove(
    webhook_id: WebhookId, url: UrlOption = None, token: TokenOption = None, dispatcher_url: DispatcherOption = None
) -> None:
    """Remove an endpoint, its pending deliveries and its log."""
    with connect(url, token, dispatcher_url) as client:
        client.webhooks.remove(webhook_id)
    typer.echo(f"webhook {webhook_id} is removed")


def send_test(
    webhook_id: WebhookId, url: UrlOption = None, token: TokenOption = None, dispatcher_url: DispatcherOption = None
) -> None:
    """Send a test event, and print the id of its message."""
    with connect(url, token, dispatcher_url) as client:
        typer.echo(client.webhooks.test(webhook_id))


def deliveries(
    webhook_id: WebhookId,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    every: Annotated[bool, typer.Option("--all", help="List all of them.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    dispatcher_url: DispatcherOption = None,
) -> None:
    """List the deliveries to an endpoint, newest first."""
    with connect(url, token, dispatcher_url) as client:
        found = (
            client.webhooks.all_deliveries(webhook_id)
            if every
            else client.webhooks.deliveries(webhook_id, limit=limit).items
        )
        show_list(found, DELIVERY, as_json=as_json, nothing="There are no deliveries.")
