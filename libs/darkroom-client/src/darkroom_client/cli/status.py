"""The command `status`: the readiness of the services, and the number of waiting steps."""

from dataclasses import asdict, dataclass

import httpx
import typer

from darkroom_client.access import Service
from darkroom_client.cli.connection import TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP, Exit
from darkroom_client.cli.output import Columns, JsonOption, show_json, show_list, show_one
from darkroom_client.errors import DarkroomError
from darkroom_client.retrying import unreachable

TIMEOUT_S = 5.0
OK, NOT_READY, AWAY = "ok", "not ready", "away"


@dataclass(frozen=True)
class Health:
    """The state of a service."""

    service: str
    health: str
    url: str
    reason: str | None = None


COLUMNS: Columns[Health] = {
    "service": lambda found: found.service,
    "health": lambda found: found.health,
    "url": lambda found: found.url,
    "reason": lambda found: found.reason,
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", epilog=HELP)(show_status)


def show_status(as_json: JsonOption = False, url: UrlOption = None, token: TokenOption = None) -> None:
    """Print the readiness of the services, and the number of waiting steps. Exit code 3 if a service is not ready."""
    with connect(url, token) as client:
        with httpx.Client(timeout=TIMEOUT_S) as http:
            services = [_health(http, service, at) for service, at in client.access.urls.items()]
        try:
            is_away = any(found.health == AWAY for found in services if found.service == Service.PLATFORM)
            waiting = None if is_away else client.job_types.queue_depth()
        except DarkroomError:
            waiting = None
    if as_json:
        show_json({"services": [asdict(service) for service in services], "waiting": waiting})
    else:
        show_list(services, COLUMNS, as_json=False, nothing="")
        show_one({"waiting steps": _waiting(waiting)}, as_json=False)
    if any(service.health != OK for service in services):
        raise typer.Exit(Exit.NOT_REACHABLE)


def _waiting(waiting: dict[str, int] | None) -> str:
    if waiting is None:
        return "unknown"
    by_type = ", ".join(f"{name} {number}" for name, number in waiting.items())
    return f"{sum(waiting.values())} ({by_type})" if waiting else "0"


def _health(http: httpx.Client, service: str, url: str) -> Health:
    try:
        response = http.get(f"{url}/readyz")
    except httpx.TransportError as error:
        return Health(service, AWAY, url, unreachable(url, error).message)
    if response.is_success:
        return Health(service, OK, url)
    try:
        failed = {name: why for name, why in response.json()["checks"].items() if why != OK}
    except (ValueError, KeyError, TypeError, AttributeError):
        failed = {"answer": f"HTTP {response.status_code}"}
    return Health(service, NOT_READY, url, ", ".join(f"{name}: {why}" for name, why in failed.items()))
