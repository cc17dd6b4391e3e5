"""`python -m platform_api`: run the service or an operator command."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Annotated
from uuid import UUID

import typer
import uvloop
from darkroom_chassis.api_keys import KeyKind
from darkroom_chassis.logs import configure_logging
from darkroom_chassis.program import service_program
from darkroom_chassis.service import serve
from darkroom_chassis.tracing import configure_tracing
from darkroom_schemas.ids import UserId
from fastapi import FastAPI

from platform_api.app import VERSION, build_app
from platform_api.commands import doctor, personal_data, users
from platform_api.commands.bootstrap import DEMO_CREDITS, Bootstrapped, bootstrap
from platform_api.http.ui_files import installed_ui
from platform_api.loops_app import build_loops_app
from platform_api.migrations import MIGRATIONS
from platform_api.settings import Settings
from platform_api.wiring import Running, assemble, assemble_loops, jwt_codec, open_accounts

TOKEN_LIFETIME_S = 3600


async def _serve() -> None:
    settings = Settings.load()
    configure_logging("platform-api", level=settings.log_level, log_format=settings.log_format)
    configure_tracing("platform-api", VERSION, settings)
    app = build_app(
        partial(assemble, settings),
        max_body_bytes=settings.max_body_bytes,
        ui_origins=settings.ui_origins,
        ui=installed_ui(),
        ui_queue_url=settings.ui_queue_url,
        ui_webhooks_url=settings.ui_webhooks_url,
    )
    await serve(app, settings.host, settings.port, settings)


def _database_url() -> str:
    return Settings.load().database_url.get_secret_value()


def _openapi_app() -> FastAPI:
    return build_app(_never, max_body_bytes=1)


def _never() -> AbstractAsyncContextManager[Running]:
    raise RuntimeError("the OpenAPI document is generated without connections")


cli = service_program(
    "The platform API of Darkroom.", _serve, openapi_app=_openapi_app, schema=(MIGRATIONS, _database_url)
)
doctor.register(cli)
personal_data.register(cli)
users.register(cli)
Key = Annotated[str | None, typer.Option(help="Use this key if it is valid; otherwise create a new one.")]


@cli.command(name="loops")
def _loops() -> None:
    """Run the relay and the other loops that write, without serving requests; see PLATFORM_LOOPS."""
    uvloop.run(_run_loops())


async def _run_loops() -> None:
    settings = Settings.load()
    configure_logging("platform-loops", level=settings.log_level, log_format=settings.log_format)
    configure_tracing("platform-loops", VERSION, settings)
    await serve(build_loops_app(partial(assemble_loops, settings)), settings.loops_host, settings.loops_port, settings)


@cli.command(name="bootstrap")
def _bootstrap(
    api_key: Key = None,
    service_key: Key = None,
    admin_key: Key = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Create the demo user with credits, and a user, a service and an admin key. Lost keys are replaced."""
    settings = Settings.load()
    given = {KeyKind.USER: api_key, KeyKind.SERVICE: service_key, KeyKind.ADMIN: admin_key}

    async def run() -> Bootstrapped:
        async with open_accounts(settings) as accounts:
            return await bootstrap(accounts, given, credits=DEMO_CREDITS)

    made = asyncio.run(run())
    result = {
        "user_id": made.user_id,
        "jwt": jwt_codec(settings).issue(made.user_id, ttl_s=TOKEN_LIFETIME_S),
        "api_key": made.keys[KeyKind.USER],
        "service_key": made.keys[KeyKind.SERVICE],
        "admin_key": made.keys[KeyKind.ADMIN],
    }
    typer.echo(json.dumps(result) if as_json else "\n".join(f"{name}: {value}" for name, value in result.items()))


@cli.command(name="token")
def _token(user: Annotated[UUID, typer.Option(help="Id of the user.")]) -> None:
    """Print a JWT for a user, valid for one hour."""
    settings, user_id = Settings.load(), UserId(str(user))

    async def found() -> bool:
        async with open_accounts(settings) as accounts:
            return await accounts.user(user_id) is not None

    if not asyncio.run(found()):
        raise typer.BadParameter(f"there is no user {user_id}", param_hint="--user")
    typer.echo(jwt_codec(settings).issue(user_id, ttl_s=TOKEN_LIFETIME_S))
