"""Settings of queue-api, from the environment."""

import ipaddress
from typing import Annotated

from darkroom_chassis.settings import ServiceSettings
from pydantic import Field, RedisDsn, SecretStr, field_validator
from pydantic_settings import NoDecode

LOOPBACK = "127.0.0.1"


class Settings(ServiceSettings):
    """`AUTH_TOKEN` protects all routes. Without it the service listens on loopback only."""

    redis_url: RedisDsn
    auth_token: SecretStr | None = Field(default=None, min_length=16)
    queue_api_host: str = LOOPBACK
    queue_api_port: int = Field(default=9820, ge=0, le=65535)
    queue_max_depth: int = Field(default=100_000, ge=0)
    """Maximum number of waiting steps. Further submissions get 503. 0 means no limit."""
    queue_lease_s: float = Field(default=12.0, ge=1, le=3600)
    queue_event_retention_s: float = Field(default=3600.0, ge=600)
    """Minimum retention of the event log, in seconds, unless it exceeds the next setting."""
    queue_event_log_max_bytes: int = Field(default=268_435_456, ge=1_048_576)
    queue_job_groups_open: bool = False
    """Whether job groups need no token: the programs of their API send none. Only while the service is on loopback."""
    object_store_url: str | None = None
    """Storage of outputs, as an obstore URL, for links to the outputs of job groups; without it they have none."""
    signing_secret: SecretStr | None = Field(default=None, min_length=32)
    """Signs these links; the same for all replicas."""
    queue_public_url: str | None = None
    """Public URL of this service, the start of these links; by default its own address."""
    ui_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins of web pages that may call this API from a browser with an operator's ticket; comma-separated."""
    ws_connections_per_client: int = Field(default=100, ge=1)

    @field_validator("ui_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @property
    def host(self) -> str:
        """The address to listen on: the configured one, but without a token only loopback."""
        return self.queue_api_host if self.auth_token or self.asks_for_loopback else LOOPBACK

    @property
    def public_url(self) -> str:
        """The start of links to this service."""
        return self.queue_public_url or f"http://{self.host}:{self.queue_api_port}"

    @property
    def groups_need_token(self) -> bool:
        """Whether job groups need the token."""
        return not (self.queue_job_groups_open and self.asks_for_loopback)

    @property
    def asks_for_loopback(self) -> bool:
        """Whether the configured host is loopback."""
        if self.queue_api_host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.queue_api_host).is_loopback
        except ValueError:
            return False
