"""The commands `webhooks …`: endpoints that receive events, and their deliveries."""

import json
import queue
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from darkroom_client.cli.connection import DispatcherOption, TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP
from darkroom_client.cli.output import Columns, JsonOption, show_json, show_list
from darkroom_client.cli.terminal import print_error, printable
from darkroom_client.cli.webhook_receiver import WebhookReceiver
from darkroom_client.models.webhooks import Attempt, Delivery, Webhook
from darkroom_client.webhook_signatures import WebhookEvent

MAX_WAITING = 1000
"""Events that wait to be printed. The receiver answers further ones once there is room."""
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
    "delivery": lambda delivery: delivery.id,
}
ATTEMPT: Columns[Attempt] = {
    "attempt": lambda attempt: attempt.number,
    "at": lambda attempt: attempt.at,
    "answer": lambda attempt: attempt.status,
    "error": lambda attempt: attempt.error,
    "seconds": lambda attempt: round(attempt.duration_s, 3),
    "body": lambda attempt: attempt.answer,
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
    group.command(epilog=HELP)(rotate)
    group.command(epilog=HELP)(deliveries)
    group.command(epilog=HELP)(attempts)
    group.command(epilog=HELP)(replay)
    group.command(epilog=HELP)(listen)
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
    status: Annotated[
        str | None, typer.Option(help="Only those that are pending, delivered, failed or missed.")
    ] = None,
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
            else client.webhooks.deliveries(webhook_id, limit=limit, status=status).items
        )
        show_list(found, DELIVERY, as_json=as_json, nothing="There are no deliveries.")


def rotate(
    webhook_id: WebhookId,
    overlap_s: Annotated[
        int | None, typer.Option("--overlap", min=0, help="Seconds for which the earlier secret signs, too (a day).")
    ] = None,
    url: UrlOption = None,
    token: TokenOption = None,
    dispatcher_url: DispatcherOption = None,
) -> None:
    """Replace the secret of an endpoint, and print the new one, which can't be read again."""
    with connect(url, token, dispatcher_url) as client:
        typer.echo(client.webhooks.rotate(webhook_id, overlap_s=overlap_s))


def attempts(
    webhook_id: WebhookId,
    delivery_id: Annotated[int, typer.Argument(metavar="DELIVERY", min=1, help="Id of a delivery.")],
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    dispatcher_url: DispatcherOption = None,
) -> None:
    """List the attempts of a delivery with what the receiver answered."""
    with connect(url, token, dispatcher_url) as client:
        show_list(
            client.webhooks.attempts(webhook_id, delivery_id), ATTEMPT, as_json=as_json, nothing="No attempt was made."
        )


def replay(
    webhook_id: WebhookId,
    delivery_id: Annotated[int | None, typer.Option("--delivery", min=1, help="Replay this delivery only.")] = None,
    missed: Annotated[
        bool, typer.Option("--missed/--failed", help="Those missed while disabled, or those that failed (default).")
    ] = False,
    since: Annotated[datetime | None, typer.Option(help="Only those created since this time, in UTC.")] = None,
    rate_per_s: Annotated[float | None, typer.Option("--rate", help="Deliveries per second (default: 10).")] = None,
    url: UrlOption = None,
    token: TokenOption = None,
    dispatcher_url: DispatcherOption = None,
) -> None:
    """Make deliveries again: one, all that failed, or all that were missed while the endpoint was disabled."""
    with connect(url, token, dispatcher_url) as client:
        if delivery_id is not None:
            client.webhooks.replay_delivery(webhook_id, delivery_id)
            typer.echo("1 delivery is made again")
            return
        moment = since.replace(tzinfo=UTC) if since else None
        made, more = 0, True
        while more:
            what = "missed" if missed else "failed"
            page = client.webhooks.replay(webhook_id, what, since=moment, rate_per_s=rate_per_s)
            made, more = made + page.replayed, page.more
        typer.echo(f"{made} deliveries are made again")


def listen(
    event: EventOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on (default: any free one).")] = 0,
    public_url: Annotated[
        str | None, typer.Option("--public-url", help="URL under which webhook-dispatcher reaches this machine.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    dispatcher_url: DispatcherOption = None,
) -> None:
    """Receive webhooks here: register this machine, verify and print what arrives, and unregister at the end.

    The dispatcher must be allowed to reach the address, as that of `darkroom up` is on the same machine.
    """
    arrived: queue.Queue[WebhookEvent] = queue.Queue(MAX_WAITING)
    with (
        connect(url, token, dispatcher_url) as client,
        WebhookReceiver(host, port, arrived.put, lambda reason: print_error(f"refused: {reason}")) as receiver,
    ):
        target = public_url or f"http://{host}:{receiver.port}/"
        made = client.webhooks.add(target, events=event, description="darkroom webhooks listen")
        receiver.secret = made.secret
        try:
            print_error(f"webhook {made.id} listens at {target}; Ctrl-C ends it")
            left = count
            while left is None or left > 0:
                _show_event(arrived.get(), as_json=as_json)
                left = None if left is None else left - 1
        finally:
            client.webhooks.remove(made.id)


def _show_event(event: WebhookEvent, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(event)))
        return
    data = json.dumps(event.data, ensure_ascii=False)
    typer.echo(printable(f"{event.timestamp}  {event.type}  {event.id}  {data}"))
