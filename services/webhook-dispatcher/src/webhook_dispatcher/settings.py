"""Settings of webhook-dispatcher, from the environment."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from darkroom_chassis.settings import ServiceSettings
from pydantic import AliasChoices, Field, PostgresDsn, RedisDsn, SecretStr, field_validator
from pydantic_settings import NoDecode

STANDARD_SCHEDULE_S = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


class Settings(ServiceSettings):
    """`SECRETS_KEY` encrypts endpoint secrets at rest. If it is lost, every endpoint needs a new secret."""

    redis_url: RedisDsn
    database_url: PostgresDsn = Field(validation_alias=AliasChoices("webhooks_database_url", "database_url"))
    secrets_key: SecretStr = Field(min_length=32)
    secrets_keys_old: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Earlier values of `SECRETS_KEY`, comma separated, which still decrypt. Needed until `reseal` has run."""
    webhook_dispatcher_host: str = "127.0.0.1"
    webhook_dispatcher_port: int = Field(default=3002, ge=0, le=65535)
    webhook_schedule_s: Annotated[tuple[float, ...], NoDecode] = STANDARD_SCHEDULE_S
    """Delay before each attempt, in seconds, comma separated. The number of delays is the number of attempts."""
    webhook_allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Private networks to which webhooks may be sent, comma separated. None by default."""
    webhook_concurrency: int = Field(default=200, ge=1, le=1000)
    webhook_concurrency_per_tenant: int = Field(default=50, ge=1, le=1000)
    webhook_concurrency_per_endpoint: int = Field(default=32, ge=1, le=1000)
    """Parallel attempts of a process, of one tenant in a process, and to one endpoint in all processes."""
    webhook_rate_per_endpoint: float | None = Field(default=None, gt=0, le=10_000)
    """Attempts per second to one endpoint, unless the endpoint has a limit of its own. No limit by default."""
    webhook_timeout_s: float = Field(default=15.0, gt=0, le=30)
    webhook_endpoints_per_tenant: int = Field(default=100, ge=1)
    webhook_requests_per_minute: int = Field(default=300, ge=0)
    webhook_sends_per_minute: int = Field(default=60, ge=0)
    """Requests of one tenant per minute, and those among them that make deliveries: tests and replays. 0: no limit."""
    webhook_kept_days: float = Field(default=30, ge=1)
    webhook_kept_deliveries: int = Field(default=5_000_000, ge=1000)
    """Age and number of deliveries that the log keeps. Pending ones are deleted by their age only."""
    ui_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins of web pages that may call this API from a browser with an operator's ticket; comma-separated."""
    webhook_pool_size: int = Field(default=8, ge=3, le=100)

    @field_validator("webhook_schedule_s", "webhook_allowed_networks", "secrets_keys_old", "ui_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @property
    def old_keys(self) -> tuple[str, ...]:
        """The earlier secret keys."""
        return tuple(key.get_secret_value() for key in self.secrets_keys_old)

    @field_validator("webhook_schedule_s")
    @classmethod
    def _check_schedule(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or min(value) < 0:
            raise ValueError("must name at least one delay, none below 0")
        return value
