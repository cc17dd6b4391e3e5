"""Builds the environment of each process: inherited variables, its settings, and only the secrets that it needs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from darkroom_redis.acl import GPU_WORKER, PLATFORM, QUEUE, WEBHOOKS, RedisUser
from dotenv import dotenv_values

from darkroom_local.addresses import Address, Addresses
from darkroom_local.errors import StackError
from darkroom_local.stack_secrets import StackSecrets

DEFAULT_ISSUER = "darkroom"
DEFAULT_AUDIENCE = "darkroom"
LOOPBACK_NETWORKS = "127.0.0.0/8,::1/128"
NO_NETWORKS = ""
DEFAULT_PROFILE = "mini"
CPU_PROFILES = ("mini", "tiny")
"""They run on any machine."""

OPERATOR_SETTINGS = (
    *("PLATFORM_DATABASE_URL", "REDIS_URL", "OBJECT_STORE_URL", "PUBLIC_URL"),
    *("JWT_SECRET", "JWT_ISSUER", "JWT_AUDIENCE", "SIGNING_SECRET"),
)

_SECRETS = {
    "AUTH_TOKEN": "auth_token",
    "JWT_SECRET": "jwt_secret",
    "SIGNING_SECRET": "signing_secret",
    "SECRETS_KEY": "secrets_key",
}
_WITHHELD = {*_SECRETS, "REDIS_URL", "DATABASE_URL", "PLATFORM_DATABASE_URL", "WEBHOOKS_DATABASE_URL"}


def user_environment() -> dict[str, str]:
    """Return the variables of `.env` in the working directory, overridden by the environment of this process."""
    try:
        written = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    except UnicodeDecodeError:
        raise StackError(
            f"{Path('.env').absolute()} is not text in UTF-8. Rewrite it in UTF-8, like .env.example."
        ) from None
    return written | dict(os.environ)


def profile_of(option: str | None, env: Mapping[str, str]) -> str:
    """Return the profile of the workers: the option, else GPU_WORKER_PROFILE, else `mini`."""
    return option or env.get("GPU_WORKER_PROFILE") or DEFAULT_PROFILE


def with_user_secrets(generated: StackSecrets, env: Mapping[str, str]) -> StackSecrets:
    """Replace generated secrets by those that the user sets in the environment."""
    return replace(generated, **{field: env[name] for name, field in _SECRETS.items() if env.get(name)})  # type: ignore[arg-type]  # all of these fields are strings


@dataclass(frozen=True)
class Servers:
    """URLs of Redis and of the databases."""

    redis_url: str
    platform_database_url: str
    webhooks_database_url: str
    redis_users: Mapping[str, str] = field(default_factory=dict)
    """URLs of the embedded Redis by the name of the user; on the operator's own, `redis_url` is for all."""

    def redis_url_of(self, user: RedisUser) -> str:
        """Return the URL for the service of a user."""
        return self.redis_users.get(user.name, self.redis_url)


@dataclass(frozen=True)
class Environments:
    """Builds the environment of each service of one stack."""

    env: Mapping[str, str]
    state: Path
    secrets: StackSecrets
    servers: Servers
    addresses: Addresses
    profile: str
    gpus: tuple[str, ...] = ()
    """The GPUs that workers use in turn, as GPU_WORKER_DEVICE names them."""

    @property
    def jwt_issuer(self) -> str:
        return self.env.get("JWT_ISSUER") or DEFAULT_ISSUER

    @property
    def jwt_audience(self) -> str:
        return self.env.get("JWT_AUDIENCE") or DEFAULT_AUDIENCE

    def platform(self, address: Address | None = None) -> dict[str, str]:
        return self._platform("PLATFORM_API", address or self.addresses.platform, PLATFORM_LOOPS="false")

    def loops(self) -> dict[str, str]:
        """Return the environment of the process that runs the loops of platform-api."""
        return self._platform("PLATFORM_LOOPS", self.addresses.loops)

    def _platform(self, prefix: str, address: Address, **settings: str) -> dict[str, str]:
        return self._service(
            PLATFORM, prefix, address, "JWT_SECRET", "SIGNING_SECRET",
            PLATFORM_DATABASE_URL=self.servers.platform_database_url,
            PUBLIC_URL=self.env.get("PUBLIC_URL") or self.addresses.platform.url,
            UI_QUEUE_URL=self.env.get("UI_QUEUE_URL") or self.addresses.queue.url,
            UI_WEBHOOKS_URL=self.env.get("UI_WEBHOOKS_URL") or self.addresses.dispatcher.url,
            **settings,
        )  # fmt: skip

    def operator(self) -> dict[str, str]:
        """Return the settings of platform-api that its operator's commands need."""
        service = self.platform()
        return {name: service[name] for name in OPERATOR_SETTINGS}

    def added_worker(self) -> dict[str, str]:
        """Return the settings that a worker needs which is added to the stack."""
        store = self.platform()["OBJECT_STORE_URL"]
        return {"REDIS_URL": self.servers.redis_url_of(GPU_WORKER), "OBJECT_STORE_URL": store}

    def queue(self, address: Address | None = None) -> dict[str, str]:
        return self._service(QUEUE, "QUEUE_API", address or self.addresses.queue, "AUTH_TOKEN", "SIGNING_SECRET",
            UI_ORIGINS=self.env.get("UI_ORIGINS") or self.addresses.platform.url,
        )  # fmt: skip

    def dispatcher(self, address: Address | None = None) -> dict[str, str]:
        return self._service(
            WEBHOOKS, "WEBHOOK_DISPATCHER", address or self.addresses.dispatcher, "SECRETS_KEY",
            WEBHOOKS_DATABASE_URL=self.servers.webhooks_database_url,
            UI_ORIGINS=self.env.get("UI_ORIGINS") or self.addresses.platform.url,
            # If only programs on this machine can reach the services, webhooks may go to loopback addresses.
            WEBHOOK_ALLOWED_NETWORKS=self.env.get(
                "WEBHOOK_ALLOWED_NETWORKS", LOOPBACK_NETWORKS if self.addresses.are_loopback else NO_NETWORKS
            ),
        )  # fmt: skip

    def worker(self, number: int) -> dict[str, str]:
        """Return the environment of worker `number`, from 0."""
        worker_id = self.env.get("GPU_WORKER_ID") or "local"
        device = {"GPU_WORKER_DEVICE": self.gpus[number % len(self.gpus)]} if self.gpus else {}
        return self._service(
            GPU_WORKER, "GPU_WORKER", self.addresses.workers[number],
            GPU_WORKER_ID=f"{worker_id}-{number + 1}",
            GPU_WORKER_PROFILE=self.profile,
            **device,
            # Idle OpenMP threads must sleep: spinning ones take CPU time from the other processes.
            OMP_WAIT_POLICY=self.env.get("OMP_WAIT_POLICY") or "PASSIVE",
        )  # fmt: skip

    def _service(
        self, user: RedisUser, prefix: str, address: Address, *secret_names: str, **settings: str
    ) -> dict[str, str]:
        inherited = {name: value for name, value in self.env.items() if name not in _WITHHELD}
        return {
            "LOG_FORMAT": "console",
            "OBJECT_STORE_URL": (self.state / "objects").as_uri(),
            **inherited,
            "PYTHONUNBUFFERED": "1",
            "REDIS_URL": self.servers.redis_url_of(user),
            "JWT_ISSUER": self.jwt_issuer,
            "JWT_AUDIENCE": self.jwt_audience,
            f"{prefix}_HOST": address.host,
            f"{prefix}_PORT": str(address.port),
            **{name: str(getattr(self.secrets, _SECRETS[name])) for name in secret_names},
            **settings,
        }
