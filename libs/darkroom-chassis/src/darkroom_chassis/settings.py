"""Base of every service's settings: environment variables, optionally from a `.env` file in the working directory."""

from collections.abc import Container
from enum import StrEnum
from typing import NoReturn, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class LogFormat(StrEnum):
    """`json` for machines, `console` for people."""

    JSON = "json"
    CONSOLE = "console"


class ServiceSettings(BaseSettings):
    """Settings that all services share."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: LogFormat = LogFormat.JSON
    drain_s: float = Field(default=10.0, ge=0, le=3600)
    """How long a stopping service waits for its open requests, in seconds."""

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
