"""What `python -m webhook_dispatcher doctor` checks."""

from collections.abc import Mapping

from darkroom_chassis.database_checks import database_findings
from darkroom_chassis.doctor import Check, Finding, ok, warning
from darkroom_chassis.redis_checks import redis_findings
from darkroom_queue import QueueClient
from darkroom_redis.facts import read_facts

from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.settings import Settings

ABOUT = "Check settings, PostgreSQL, the schema and Redis, and say what to do about each finding."


def doctor_checks() -> Mapping[str, Check]:
    """Read the settings and return the checks by name."""
    settings = Settings.load()
    return {
        "settings": lambda: _settings(settings),
        "postgresql": lambda: database_findings(str(settings.database_url), MIGRATIONS, "webhook_dispatcher"),
        "redis": lambda: _redis(settings),
    }


async def _settings(settings: Settings) -> list[Finding]:
    found = [ok("settings", "all values are valid")]
    if settings.old_keys:
        remedy = "Run `python -m webhook_dispatcher reseal`, and remove SECRETS_KEYS_OLD a day later."
        found.append(warning("settings", "SECRETS_KEYS_OLD still names earlier keys", remedy))
    return found


async def _redis(settings: Settings) -> list[Finding]:
    client = await QueueClient.open(str(settings.redis_url))
    try:
        return redis_findings(await read_facts(client))
    finally:
        await client.close()
