"""One external server of the operator, as the list of back ends names it."""

from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
BackendId = Annotated[str, Field(pattern=_ID, max_length=100)]
CredentialName = Annotated[str, Field(pattern=_ID, max_length=100)]
MAX_MODELS = 1000


class BackendType(StrEnum):
    """The protocol that a server speaks."""

    COMFYUI = "comfyui"
    A1111 = "a1111"
    OLLAMA = "ollama"
    OPENAI = "openai"
    STABILITY = "stability"
    HTTP = "http"


_WITHOUT_URL = {
    BackendType.STABILITY: "https://api.stability.ai",
    BackendType.OPENAI: "https://api.openai.com/v1",
    BackendType.HTTP: None,
}
"""Types that need no URL, with the usual one. `http` requests any address that the operator's policy allows."""


def usual_url(kind: BackendType) -> str | None:
    """Return the public address of a service; None for servers that operators run."""
    return _WITHOUT_URL.get(kind)


class BackendEntry(BaseModel):
    """A server, or for `http` and paid APIs a right to call them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: BackendId = ""
    """Unique in the list; by default `host_port` of the URL, or the type if there is no URL."""
    type: BackendType
    url: str | None = Field(default=None, max_length=2000)
    """Base URL. Optional for `openai` and `stability`, whose public addresses are known; `http` has none."""
    alias: Annotated[str, Field(pattern=r"^\S.*$", max_length=100)] | None = None
    """A second name by which jobs choose it, such as the `server_alias` of StableQueue clients."""
    credential: CredentialName | None = None
    """Credential for this server. For `http`, jobs name credentials themselves."""
    concurrency: int = Field(default=1, ge=1, le=1000)
    """Steps that it may have at once."""
    models: tuple[str, ...] | None = Field(default=None, max_length=MAX_MODELS)
    """Models that jobs may use; by default all that the server has."""
    types: tuple[Annotated[str, Field(max_length=100)], ...] | None = Field(default=None, min_length=1, max_length=50)
    """Job types that it serves; by default all of its kind, except that only OpenAI's own address serves images."""
    tags: tuple[str, ...] = Field(default=(), max_length=50)
    """Tags that jobs may require."""

    @field_validator("url")
    @classmethod
    def _is_base_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http:// or https:// URL with a host")
        if parts.username or parts.password:
            raise ValueError("must not contain a user or a password; name a credential instead")
        if parts.query or parts.fragment:
            raise ValueError("must not have a query or a fragment")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        url = self.url
        if url is None:
            if self.type not in _WITHOUT_URL:
                raise ValueError(f"url: is required for {self.type.value}")
            url = _WITHOUT_URL[self.type]
        elif self.type is BackendType.HTTP:
            raise ValueError("url: http has none; its jobs name the address")
        named = self.id or _host_port(url) or self.type.value
        return self.model_copy(update={"url": url, "id": named}) if (url, named) != (self.url, self.id) else self

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names by which jobs may require this back end."""
        return (self.id,) if self.alias is None else (self.id, self.alias)

    def offered(self, models: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of the server's models that jobs may use."""
        return models if self.models is None else tuple(model for model in models if model in self.models)


def _host_port(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{(parts.hostname or '').replace(':', '.')}_{port}"
