"""Base of every service's settings: environment variables, optionally from a `.env` file in the working directory."""

from collections.abc import Container
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, NoReturn, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from darkroom_chassis.http_limits import HttpLimits


class LogFormat(StrEnum):
    """`json` for machines, `console` for people."""

    JSON = "json"
    CONSOLE = "console"


class ServiceSettings(BaseSettings):
    """Settings that all services share."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: LogFormat = LogFormat.JSON
    drain_s: float = Field(default=10.0, ge=0, le=3600)
    """How long a stopping service waits for its open requests, in seconds."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(), validation_alias="TRUSTED_PROXIES"
    )
    """Networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, comma separated."""
    http_header_bytes: int = Field(default=65_536, ge=4096, le=1_048_576, validation_alias="HTTP_HEADER_BYTES")
    http_request_timeout_s: float = Field(default=30.0, ge=1, le=3600, validation_alias="HTTP_REQUEST_TIMEOUT_S")
    """Time until the headers and the body of a request are complete."""
    http_send_timeout_s: float = Field(default=60.0, ge=1, le=3600, validation_alias="HTTP_SEND_TIMEOUT_S")
    """Time for which a client may read nothing of an answer."""
    http_connections: int = Field(default=4096, ge=10, le=100_000, validation_alias="HTTP_CONNECTIONS")
    """Open connections of one process, sockets and streams included; one more is answered 503."""

    @property
    def http_limits(self) -> HttpLimits:
        """The limits of the HTTP server."""
        return HttpLimits(
            self.http_header_bytes, self.http_request_timeout_s, self.http_send_timeout_s, self.http_connections
        )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @classmethod
    def load(cls) -> Self:
        """Read the environment, or end the process with one line for each variable that is wrong."""
        try:
            return cls()
        except ValidationError as error:
            _exit_naming_variables(error, cls.model_fields, cls.model_config.get("env_prefix", ""))


def _exit_naming_variables(error: ValidationError, fields: Container[object], prefix: str) -> NoReturn:
    """Name variables as they are set: a field by its prefixed name, an alias as it stands."""
    lines = []
    for problem in error.errors(include_input=False):
        name = ".".join(map(str, problem["loc"])).upper()
        lines.append(f"  {prefix if problem['loc'][0] in fields else ''}{name}: {problem['msg']}")
    raise SystemExit("Settings are not usable; set these environment variables right:\n" + "\n".join(lines)) from None
