"""Base class of the services' settings, read from environment variables and a `.env` file in the working directory."""

from collections.abc import Container
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, NoReturn, Self

from pydantic import AnyHttpUrl, Field, ValidationError, field_validator
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
    """Time that a stopping service waits for open requests, in seconds."""
    drain_delay_s: float = Field(default=0.0, ge=0, le=60, validation_alias="DRAIN_DELAY_S")
    """Time for which a stopping service still accepts connections while `/readyz` answers 503, in seconds."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(), validation_alias="TRUSTED_PROXIES"
    )
    """Networks of trusted reverse proxies, comma separated. Their X-Forwarded-For and X-Forwarded-Proto are used."""
    http_header_bytes: int = Field(default=65_536, ge=4096, le=1_048_576, validation_alias="HTTP_HEADER_BYTES")
    http_request_timeout_s: float = Field(default=30.0, ge=1, le=3600, validation_alias="HTTP_REQUEST_TIMEOUT_S")
    """Maximum time in which the headers and the body of a request are received."""
    http_send_timeout_s: float = Field(default=60.0, ge=1, le=3600, validation_alias="HTTP_SEND_TIMEOUT_S")
    """Maximum time for which a client reads nothing of a response."""
    http_connections: int = Field(default=4096, ge=10, le=100_000, validation_alias="HTTP_CONNECTIONS")
    """Maximum number of open connections per process, WebSockets and streams included. Further ones get 503."""

    otel_exporter_otlp_endpoint: AnyHttpUrl | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    """Base URL of an OpenTelemetry collector, which gets traces by OTLP over HTTP. None: no traces."""

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
        """Read the environment. Exits the process with one line for each invalid variable."""
        try:
            return cls()
        except ValidationError as error:
            _exit_naming_variables(error, cls.model_fields, cls.model_config.get("env_prefix", ""))


def _exit_naming_variables(error: ValidationError, fields: Container[object], prefix: str) -> NoReturn:
    """Name variables as in the environment: a field with the prefix, an alias without."""
    lines = []
    for problem in error.errors(include_input=False):
        name = ".".join(map(str, problem["loc"])).upper()
        lines.append(f"  {prefix if problem['loc'][0] in fields else ''}{name}: {problem['msg']}")
    raise SystemExit("The settings are invalid. Correct these environment variables:\n" + "\n".join(lines)) from None
