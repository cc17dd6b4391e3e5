"""Token verification and rate limits."""

from darkroom_chassis.availability import Availability
from darkroom_chassis.jwks import IdentityProvider, JwksVerifier, TokenVerifier, keys_at
from darkroom_chassis.rate_limit import RateLimiter
from darkroom_chassis.tokens import SIGN_IN, JwtCodec
from darkroom_queue import QueueClient
from darkroom_redis import RateLimits
from darkroom_schemas.api_key import Tier

from platform_api.clients.rate_limits import RedisRateLimits
from platform_api.domain.accounts.accounts import Accounts
from platform_api.http.first_logins import ProvisioningProvider
from platform_api.http.limits import Limits, per_minute
from platform_api.settings import Settings


def jwt_codec(settings: Settings) -> JwtCodec:
    """Return the codec of this platform's tokens."""
    return JwtCodec(settings.jwt_secret.get_secret_value(), settings.jwt_issuer, settings.jwt_audience)


def sign_in_codec(settings: Settings) -> JwtCodec:
    """Return the codec of tokens that open a browser session and authenticate nothing else."""
    audience = settings.jwt_audience + SIGN_IN
    return JwtCodec(settings.jwt_secret.get_secret_value(), settings.jwt_issuer, audience)


def token_verifier(settings: Settings, accounts: Accounts) -> TokenVerifier:
    """Return the verifier of the platform's own tokens, and of an identity provider's if one is configured."""
    provider: IdentityProvider | None = None
    if settings.jwt_jwks:
        provider = JwksVerifier(
            keys_at(settings.jwt_jwks),
            settings.jwt_jwks_algorithm,
            settings.jwt_jwks_issuer,
            settings.jwt_jwks_audience,
        )
        if settings.jwt_provision_users:
            provider = ProvisioningProvider(provider, accounts)
    return TokenVerifier(jwt_codec(settings), provider)


def rate_limits(settings: Settings, redis_client: QueueClient, redis: Availability) -> Limits:
    """Return the rate limits by tier of API keys, and of users."""
    return Limits(
        RateLimiter(RedisRateLimits(RateLimits(redis_client), redis)),
        by_tier={
            Tier.STANDARD: per_minute(settings.rate_limit_standard, settings.rate_limit_standard_submissions),
            Tier.PREMIUM: per_minute(settings.rate_limit_premium, settings.rate_limit_premium_submissions),
        },
        user=per_minute(settings.rate_limit_user, settings.rate_limit_user_submissions),
    )
