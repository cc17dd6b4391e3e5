"""JSON Web Tokens of an identity provider: RS256 or ES256, with public keys from a JWKS URL or file (RFC 7517)."""

import asyncio
import time
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import jwt
from darkroom_schemas.errors import ErrorCode

from darkroom_chassis.errors import AppError, Unauthenticated
from darkroom_chassis.tokens import JwtClaims, JwtCodec, verified_claims

FETCH_TIMEOUT_S = 5
CACHED_S = 600
"""Keys are cached for this long; a withdrawn key is accepted until then. An unknown key id causes a new fetch."""
KEPT_S, MAX_KEPT = 60, 4096
"""Verified tokens are cached for so many seconds, and at most this number of them."""
COOLDOWN_S = 10.0
"""Tokens with unknown key ids cause at most one fetch in this time."""


class JwksAlgorithm(StrEnum):
    """The signature algorithm of an issuer. It is configured, so a token cannot choose how it is verified."""

    RS256 = "RS256"
    ES256 = "ES256"


class SigningKeys(Protocol):
    """Finds public keys by id. May block. Raises `jwt.PyJWKClientError` for an unknown id."""

    def get_signing_key(self, kid: str) -> jwt.PyJWK: ...


class FileKeys:
    """Implements `SigningKeys` with a JWKS file, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at_ns = 0
        self._keys: dict[str | None, jwt.PyJWK] = {}

    def get_signing_key(self, kid: str) -> jwt.PyJWK:
        changed_at_ns = self._path.stat().st_mtime_ns
        if changed_at_ns != self._read_at_ns:
            self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_json(self._path.read_text()).keys}
            self._read_at_ns = changed_at_ns
        if kid not in self._keys:
            raise jwt.PyJWKClientError(f"there is no key {kid!r}")
        return self._keys[kid]


def keys_at(source: str) -> SigningKeys:
    """Return the keys at an http(s) URL, a `file://` URL or a path."""
    if source.startswith(("http://", "https://")):
        return jwt.PyJWKClient(source, lifespan=CACHED_S, timeout=FETCH_TIMEOUT_S, cooldown_duration=COOLDOWN_S)
    return FileKeys(Path(source.removeprefix("file://")))


class IdentityProvider(Protocol):
    """Verifies the tokens of one issuer."""

    @property
    def algorithm(self) -> JwksAlgorithm: ...

    async def verify(self, token: str, kid: str) -> JwtClaims: ...


class JwksVerifier:
    """Implements `IdentityProvider` with public keys."""

    def __init__(self, keys: SigningKeys, algorithm: JwksAlgorithm, issuer: str, audience: str) -> None:
        self.algorithm = algorithm
        self._keys, self._issuer, self._audience = keys, issuer, audience

    async def verify(self, token: str, kid: str) -> JwtClaims:
        """Return the claims. Raises `Unauthenticated`, or `AppError` with 503 while the keys are unavailable."""
        try:
            key = await asyncio.to_thread(self._keys.get_signing_key, kid)
        except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, OSError, ValueError) as error:
            sentence = "The keys of the identity provider cannot be read."
            raise AppError(
                503, ErrorCode.UNAVAILABLE, sentence, retryable=True, headers={"Retry-After": "5"}
            ) from error
        except jwt.PyJWKClientError:
            raise Unauthenticated("The token is signed with an unknown key.") from None
        return verified_claims(token, key, self.algorithm, self._issuer, self._audience)


class TokenVerifier:
    """Verifies Darkroom's tokens and those of an optional identity provider, distinguished by their algorithm."""

    def __init__(self, own: JwtCodec, provider: IdentityProvider | None) -> None:
        self._own, self._provider = own, provider
        self._kept: dict[str, tuple[JwtClaims, float]] = {}

    async def verify(self, token: str) -> JwtClaims:
        """Return the claims. Raises `Unauthenticated`. A valid token is cached for `KEPT_S`."""
        now = time.time()
        claims, until = self._kept.get(token, (None, 0.0))
        if claims is None or now >= until:
            claims = await self._verify(token)
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[token] = (claims, min(claims.expires_at, now + KEPT_S))
        return claims

    async def _verify(self, token: str) -> JwtClaims:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise Unauthenticated("The token is not valid.") from None
        if self._provider is not None and header.get("alg") == self._provider.algorithm:
            return await self._provider.verify(token, str(header.get("kid")))
        return self._own.verify(token)
