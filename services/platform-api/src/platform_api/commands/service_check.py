"""Asks running services for their readiness and their version."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from darkroom_chassis.doctor import Finding, error, ok, warning

TIMEOUT_S = 5.0


async def service_findings(urls: Mapping[str, str], version: str) -> list[Finding]:
    """Ask every service at once. `version` is that of this release."""
    return list(await asyncio.gather(*(asyncio.to_thread(_ask, name, url, version) for name, url in urls.items())))


def _ask(name: str, url: str, version: str) -> Finding:
    remedy = f"See the entry ServiceDown of docs/runbook.md, and the log of {name}."
    try:
        status, readiness = _get(f"{url}/readyz")
        _, page = _get(f"{url}/")
    except (OSError, ValueError) as problem:
        return error("services", f"{name} does not answer: {problem}", remedy)
    if status != 200:
        failed = {check: why for check, why in readiness.get("checks", {}).items() if why != "ok"}
        return error("services", f"{name} is not ready: {failed}", remedy)
    if page.get("version") != version:
        text = f"{name} is ready, version {page.get('version')} unlike {version} here"
        return warning("services", text, "Finish the upgrade, so that all services are of one release.")
    return ok("services", f"{name} is ready, version {version}")


def _get(url: str) -> tuple[int, dict[str, Any]]:  # Any: JSON
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - a service's own URL
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - the same
            return response.status, json.load(response)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)
