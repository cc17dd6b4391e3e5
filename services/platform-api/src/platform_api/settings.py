"""Settings of platform-api, from environment variables."""

from darkroom_chassis.settings import ServiceSettings
from pydantic import AliasChoices, Field, SecretStr


class Settings(ServiceSettings):
    """What the service and its commands need."""

    host: str = Field(default="127.0.0.1", validation_alias="PLATFORM_API_HOST")
    port: int = Field(default=3001, ge=1, le=65535, validation_alias="PLATFORM_API_PORT")
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
    signing_secret: SecretStr = Field(min_length=32)
    queue_max_depth: int = Field(default=0, ge=0)
    """Jobs are refused with 503 while this many steps wait; 0 means no limit."""
    max_body_bytes: int = Field(default=262_144, ge=1024)
    sse_heartbeat_s: float = Field(default=15.0, gt=0, le=300)
