"""Chooses embedded or external servers, and prepares the databases on an embedded PostgreSQL."""

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from darkroom_redis.acl import READER, USERS

from darkroom_local.databases import DATABASE, SchemaOwner, make_databases
from darkroom_local.environment import Servers
from darkroom_local.external_servers import check_databases, check_redis
from darkroom_local.member_supervisor import Member
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.postgres import EmbeddedPostgres
from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_local.stack_secrets import StackSecrets

EMBEDDED = "embedded"


class StackServers:
    """The servers of one stack. REDIS_URL and DATABASE_URL replace the embedded servers.

    Embedded servers listen on free ports other than those in `avoid`.
    """

    def __init__(
        self, env: Mapping[str, str], folder: Path, stack_secrets: StackSecrets, *, avoid: Collection[int]
    ) -> None:
        self._owners = {
            "platform": SchemaOwner("darkroom_platform", "platform", stack_secrets.platform_database_password),
            "webhooks": SchemaOwner("darkroom_webhooks", "webhooks", stack_secrets.webhooks_database_password),
        }
        own = {schema: env.get(f"{schema.upper()}_DATABASE_URL") or env.get("DATABASE_URL") for schema in self._owners}
        self._own_databases = {_variable(schema, env): url for schema, url in own.items() if url}
        redis_port, postgres_port = free_ports(2, avoid=avoid)
        self._valkey = None if env.get("REDIS_URL") else EmbeddedValkey(folder / "valkey", redis_port)
        self._postgres = None if all(own.values()) else EmbeddedPostgres(folder / "postgres", postgres_port)
        self.urls = Servers(
            redis_url=self._valkey.url if self._valkey else env["REDIS_URL"],
            platform_database_url=own["platform"] or self._owners["platform"].url(postgres_port),
            webhooks_database_url=own["webhooks"] or self._owners["webhooks"].url(postgres_port),
            redis_users={user.name: self._valkey.url_of(user) for user in USERS} if self._valkey else {},
        )
        self.platform_database = _place(own["platform"]) if own["platform"] else EMBEDDED
        """Identifies the platform's database among those that this state folder was used with; contains no password."""

    @property
    def reader_url(self) -> str | None:
        """The URL for outside programs, which reads the public channels; None on the operator's own Redis."""
        return self._valkey.url_of(READER) if self._valkey else None

    async def check_external(self) -> None:
        """Connect to the external servers; raises ProcessFailed if one can't be used."""
        if not self._valkey:
            await check_redis(self.urls.redis_url)
        await check_databases(self._own_databases)

    def members(self) -> list[Member]:
        """Describe the processes of the embedded servers; creates their data on the first start."""
        members = []
        if self._valkey:
            members.append(Member(self._valkey.prepare(), essential=True))
        if self._postgres:
            recover = self._postgres.clear_stale_pid_file
            members.append(Member(self._postgres.prepare(), essential=True, recover=recover))
        return members

    async def make_databases(self) -> None:
        """Create roles and schemas on the embedded PostgreSQL. External servers are not changed."""
        if self._postgres:
            urls = self._postgres.url(), self._postgres.url(DATABASE)
            await asyncio.to_thread(make_databases, *urls, list(self._owners.values()))


def _variable(schema: str, env: Mapping[str, str]) -> str:
    """Return the environment variable that holds the database URL of a schema."""
    name = f"{schema.upper()}_DATABASE_URL"
    return name if env.get(name) else "DATABASE_URL"


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}"
