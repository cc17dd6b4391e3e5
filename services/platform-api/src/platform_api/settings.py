"""Settings of platform-api, from environment variables."""

from typing import Annotated
from urllib.parse import urlsplit

from darkroom_chassis.jwks import JwksAlgorithm
from darkroom_chassis.settings import ServiceSettings
from darkroom_schemas.catalogue import CATALOGUE
from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from platform_api.domain.planning.checkpoints import UnknownCheckpoint


class Settings(ServiceSettings):
    """What the service and its commands need."""

    host: str = Field(default="127.0.0.1", validation_alias="PLATFORM_API_HOST")
    port: int = Field(default=3001, ge=1, le=65535, validation_alias="PLATFORM_API_PORT")
    loops: bool = Field(default=True, validation_alias="PLATFORM_LOOPS")
    """Whether a process that serves requests runs the loops, too: no, beside `python -m platform_api loops`."""
    loops_host: str = Field(default="127.0.0.1", validation_alias="PLATFORM_LOOPS_HOST")
    loops_port: int = Field(default=3010, ge=1, le=65535, validation_alias="PLATFORM_LOOPS_PORT")
    """Where that process serves its probes and metrics."""
    database_url: SecretStr = Field(validation_alias=AliasChoices("PLATFORM_DATABASE_URL", "DATABASE_URL"))
    database_pool_size: int = Field(default=10, ge=4, le=200, validation_alias="PLATFORM_DATABASE_POOL_SIZE")
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    object_store_url: str
    """Where asset bytes are, as an obstore URL: file:///…, s3://…, gs://…, az://…"""
    public_url: str = "http://127.0.0.1:3001"
    """This service as browsers see it; begins every link to an asset."""
    jwt_secret: SecretStr = Field(min_length=32)
    jwt_issuer: str = "darkroom"
    jwt_audience: str = "darkroom"
    jwt_jwks: str = ""
    """URL or path of the public keys of an identity provider, whose tokens count beside our own."""
    jwt_jwks_algorithm: JwksAlgorithm = JwksAlgorithm.RS256
    jwt_jwks_issuer: str = Field(default="", validate_default=True)
    jwt_jwks_audience: str = Field(default="", validate_default=True)
    jwt_provision_users: bool = False
    """Whoever comes with a token of that provider becomes a user, without credits; else only users get in."""
    ui_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins of web pages that may use this API from a browser, besides that of `public_url`; comma separated."""
    session_lifetime_s: float = Field(default=7 * 86400, ge=60, le=90 * 86400)
    signing_secret: SecretStr = Field(min_length=32)
    queue_max_depth: int = Field(default=0, ge=0)
    """Jobs are refused with 503 while this many steps wait; 0 means no limit."""
    server_aliases: Annotated[tuple[str, ...], NoDecode] = ("Main",)
    """Servers that StableQueue clients may always name, besides those that operators add; comma separated."""
    stablequeue_unknown_checkpoint: UnknownCheckpoint = UnknownCheckpoint.FALLBACK
    """Whether a checkpoint that no live worker has falls back to the server's default, or is refused."""
    rate_limit_standard: int = Field(default=60, ge=0)
    """Requests a minute with an API key of this tier, and submissions among them. 0 means no limit."""
    rate_limit_standard_submissions: int = Field(default=30, ge=0)
    rate_limit_premium: int = Field(default=300, ge=0)
    rate_limit_premium_submissions: int = Field(default=150, ge=0)
    rate_limit_user: int = Field(default=6000, ge=0)
    """Requests a minute of one user with a token, a session or a service key."""
    rate_limit_user_submissions: int = Field(default=3000, ge=0)
    api_keys_per_user: int = Field(default=100, ge=1)
    """API keys that one user may hold, resting ones included."""
    max_body_bytes: int = Field(default=262_144, ge=1024)
    asset_retention_days: float = Field(default=0, ge=0)
    """Assets are removed after so many days; 0 keeps them for ever."""
    asset_retention_days_by_bucket: Annotated[dict[str, float], NoDecode] = Field(default_factory=dict)
    """The same for single buckets, such as `video_fast=7,image_fast=0`."""
    sse_heartbeat_s: float = Field(default=15.0, gt=0, le=300)
    sse_streams_per_user: int = Field(default=100, ge=1)
    """Event streams that one user may hold open at one replica."""

    @property
    def origins(self) -> frozenset[str]:
        """The origins of our own pages."""
        return frozenset({_origin_of(self.public_url), *self.ui_origins})

    @field_validator("ui_origins", "server_aliases", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("asset_retention_days_by_bucket", mode="before")
    @classmethod
    def _days_by_bucket(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        return {bucket.strip(): days.strip() for bucket, _, days in pairs}

    @field_validator("asset_retention_days_by_bucket")
    @classmethod
    def _are_buckets(cls, value: dict[str, float]) -> dict[str, float]:
        known = {job_type.bucket for job_type in CATALOGUE.values()}
        if wrong := sorted(value.keys() - known):
            raise ValueError(f"must name buckets of the catalogue, unlike {', '.join(wrong)}")
        if any(days < 0 for days in value.values()):
            raise ValueError("must be days, 0 for ever, none below")
        return value

    @field_validator("ui_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [text for text in value if not text.startswith(("http://", "https://")) or _origin_of(text) != text]
        if wrong:
            raise ValueError(f"must be origins such as https://ui.example.com, unlike {', '.join(wrong)}")
        return value

    @field_validator("jwt_jwks_issuer", "jwt_jwks_audience")
    @classmethod
    def _goes_with_keys(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("jwt_jwks") and not value:
            raise ValueError("must be set beside JWT_JWKS, or any token of that provider would do")
        return value

    @field_validator("jwt_provision_users")
    @classmethod
    def _needs_keys(cls, value: bool, info: ValidationInfo) -> bool:
        if value and not info.data.get("jwt_jwks"):
            raise ValueError("needs JWT_JWKS: only an identity provider's users can be made at their first login")
        return value


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
