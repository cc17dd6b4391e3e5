"""Settings of platform-api, from environment variables."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from darkroom_chassis.jwks import JwksAlgorithm
from darkroom_chassis.settings import ServiceSettings
from darkroom_schemas.catalogue import CATALOGUE
from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from platform_api.domain.assets.upload import UPLOAD
from platform_api.domain.planning.checkpoints import UnknownCheckpoint

_STANDARD_FORM = r"whsec_[A-Za-z0-9+/]{32,88}={0,2}"


class Settings(ServiceSettings):
    """Settings of the service and its commands."""

    host: str = Field(default="127.0.0.1", validation_alias="PLATFORM_API_HOST")
    port: int = Field(default=3001, ge=1, le=65535, validation_alias="PLATFORM_API_PORT")
    loops: bool = Field(default=True, validation_alias="PLATFORM_LOOPS")
    """Whether the process that serves requests also runs the loops. False if `python -m platform_api loops` runs."""
    loops_host: str = Field(default="127.0.0.1", validation_alias="PLATFORM_LOOPS_HOST")
    loops_port: int = Field(default=3010, ge=1, le=65535, validation_alias="PLATFORM_LOOPS_PORT")
    """Address of the loops process, for probes and metrics."""
    database_url: SecretStr = Field(validation_alias=AliasChoices("PLATFORM_DATABASE_URL", "DATABASE_URL"))
    database_pool_size: int = Field(default=10, ge=4, le=200, validation_alias="PLATFORM_DATABASE_POOL_SIZE")
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    object_store_url: str
    """Storage of asset bytes, as an obstore URL: file:///…, s3://…, gs://…, az://…"""
    public_url: str = "http://127.0.0.1:3001"
    """Public URL of this service; the start of every link to an asset."""
    jwt_secret: SecretStr = Field(min_length=32)
    jwt_issuer: str = "darkroom"
    jwt_audience: str = "darkroom"
    jwt_jwks: str = ""
    """URL or path of the public keys of an identity provider, whose tokens are accepted besides the platform's own."""
    jwt_jwks_algorithm: JwksAlgorithm = JwksAlgorithm.RS256
    jwt_jwks_issuer: str = Field(default="", validate_default=True)
    jwt_jwks_audience: str = Field(default="", validate_default=True)
    jwt_provision_users: bool = False
    """Whether to create users, with a balance of 0, when their first token of that provider is verified."""
    ui_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins of web pages that may use this API from a browser, in addition to `public_url`; comma-separated."""
    ui_queue_url: str = ""
    """URL of queue-api for the browsers of operators; without it, the web UI has no console."""
    ui_webhooks_url: str = ""
    """URL of webhook-dispatcher for the browsers of operators; without it, the console has no webhooks."""
    session_lifetime_s: float = Field(default=7 * 86400, ge=60, le=90 * 86400)
    signing_secret: SecretStr = Field(min_length=32)
    credits_low_below: float = Field(default=1.0, ge=0)
    """Balance in credits below which a submission sends `credits.low`. 0: never."""
    queue_webhook_secret: SecretStr | None = None
    """Secret of the operator's endpoint that reports step events to `POST /api/webhooks/queue`; None: no such route."""
    queue_max_depth: int = Field(default=0, ge=0)
    """Jobs are rejected with 503 while this many steps wait; 0 means no limit."""
    server_aliases: Annotated[tuple[str, ...], NoDecode] = ("Main",)
    """Server aliases that are always available, in addition to those that operators add; comma-separated."""
    stablequeue_unknown_checkpoint: UnknownCheckpoint = UnknownCheckpoint.FALLBACK
    """Whether a checkpoint that no live worker has is replaced by the server's default, or the request is rejected."""
    rate_limit_standard: int = Field(default=60, ge=0)
    """Requests per minute with an API key of this tier, submissions included. 0 means no limit."""
    rate_limit_standard_submissions: int = Field(default=30, ge=0)
    rate_limit_premium: int = Field(default=300, ge=0)
    rate_limit_premium_submissions: int = Field(default=150, ge=0)
    rate_limit_user: int = Field(default=6000, ge=0)
    """Requests per minute of a user with tokens, sessions or service keys. 0 means no limit."""
    rate_limit_user_submissions: int = Field(default=3000, ge=0)
    api_keys_per_user: int = Field(default=100, ge=1)
    """Maximum number of API keys of a user, inactive ones included."""
    max_body_bytes: int = Field(default=262_144, ge=1024)
    uploads_per_user: int = Field(default=1000, ge=0)
    """Maximum number of uploaded images of a user; 0 disables uploads."""
    archive_max_bytes: int = Field(default=2_000_000_000, ge=1)
    """Maximum total size of the assets that are downloaded as one ZIP file."""
    asset_retention_days: float = Field(default=0, ge=0)
    """Assets are removed after this many days; 0 means never."""
    asset_retention_days_by_bucket: Annotated[dict[str, float], NoDecode] = Field(default_factory=dict)
    """The same for individual buckets, such as `video_fast=7,upload=30`."""
    sse_heartbeat_s: float = Field(default=15.0, gt=0, le=300)
    sse_streams_per_user: int = Field(default=100, ge=1)
    """Maximum number of open event streams of a user per replica."""

    @property
    def origins(self) -> frozenset[str]:
        """The origins of the platform's own pages."""
        return frozenset({_origin_of(self.public_url), *self.ui_origins})

    @field_validator("queue_webhook_secret")
    @classmethod
    def _is_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(_STANDARD_FORM, value.get_secret_value()):
            raise ValueError("must be the secret of a webhook: whsec_ and 24 to 64 bytes in base64")
        return value

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
        known = {UPLOAD, *(job_type.bucket for job_type in CATALOGUE.values())}
        if wrong := sorted(value.keys() - known):
            raise ValueError(f"must name buckets of the catalogue or `upload`, unlike {', '.join(wrong)}")
        if any(days < 0 for days in value.values()):
            raise ValueError("must be numbers of days, at least 0")
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
            raise ValueError("must be set with JWT_JWKS; otherwise any token of that provider would be accepted")
        return value

    @field_validator("jwt_provision_users")
    @classmethod
    def _needs_keys(cls, value: bool, info: ValidationInfo) -> bool:
        if value and not info.data.get("jwt_jwks"):
            raise ValueError("needs JWT_JWKS: only users of an identity provider can be created at first login")
        return value


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
