"""JSON Web Tokens issued by Darkroom: HS256, with issuer, audience and expiry always checked (RFC 7519, RFC 8725)."""

import time
from dataclasses import dataclass

import jwt
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import UserId, new_uuid7

from darkroom_chassis.errors import Unauthenticated

MIN_SECRET_BYTES = 32
LEEWAY_S = 10
KEY_CLAIM = "darkroom_key"
SIGN_IN = ":sign-in"
"""Suffix of the audience of tokens that only open a browser session."""


@dataclass(frozen=True, slots=True)
class JwtClaims:
    """The claims of a verified token. `expires_at` is in Unix seconds.

    `key_id` is the API key that created the token. Revoking the key invalidates the token.
    """

    user_id: UserId
    expires_at: int
    key_id: str | None = None


class JwtCodec:
    """Issues and verifies tokens with one secret. Raises `ValueError` if it is shorter than 32 bytes."""

    def __init__(self, secret: str, issuer: str, audience: str) -> None:
        if len(secret.encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"JWT_SECRET must be at least {MIN_SECRET_BYTES} bytes (RFC 7518 §3.2)")
        self._secret, self._issuer, self._audience = secret, issuer, audience

    def issue(self, user_id: UserId, *, ttl_s: int, key_id: str | None = None) -> str:
        """Issue a token for `user_id`, valid for `ttl_s` seconds or until the API key `key_id` is revoked."""
        now = int(time.time())
        claims = {
            "sub": user_id,
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": now + ttl_s,
            "jti": new_uuid7(),
        } | ({KEY_CLAIM: key_id} if key_id else {})
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def verify(self, token: str) -> JwtClaims:
        """Return the claims. Raises `Unauthenticated` with a sentence for the client."""
        return verified_claims(token, self._secret, "HS256", self._issuer, self._audience)


def verified_claims(token: str, key: str | jwt.PyJWK, algorithm: str, issuer: str, audience: str) -> JwtClaims:
    """Verify a token with one key and its algorithm. Raises `Unauthenticated`."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY_S,
            options={"require": ["sub", "iss", "aud", "exp"]},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The token has expired; get a new one.", ErrorCode.TOKEN_EXPIRED) from None
    except jwt.InvalidTokenError:
        raise Unauthenticated("The token is not valid.") from None
    key_id = claims.get(KEY_CLAIM)
    return JwtClaims(UserId(str(claims["sub"])), int(claims["exp"]), str(key_id) if key_id is not None else None)
