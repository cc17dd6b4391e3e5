"""What `python -m queue_api doctor` checks."""

from collections.abc import Mapping

from darkroom_chassis.doctor import Check, Finding, ok, warning
from darkroom_chassis.redis_checks import redis_findings
from darkroom_queue import QueueClient
from darkroom_redis.facts import read_facts

from queue_api.settings import Settings

ABOUT = "Check settings and Redis, and say what to do about each finding."


def doctor_checks() -> Mapping[str, Check]:
    """Read the settings and return the checks by name."""
    settings = Settings.load()
    return {"settings": lambda: _settings(settings), "redis": lambda: _redis(settings)}


async def _settings(settings: Settings) -> list[Finding]:
    found = [ok("settings", "all values are valid")]
    if settings.auth_token is None:
        message = "AUTH_TOKEN is not set: the service listens on loopback only, without authentication"
        found.append(warning("settings", message, "Set AUTH_TOKEN to a random value of at least 16 characters."))
    return found


async def _redis(settings: Settings) -> list[Finding]:
    client = await QueueClient.open(str(settings.redis_url))
    try:
        await client.check_writes()
        return redis_findings(await read_facts(client))
    finally:
        await client.close()
