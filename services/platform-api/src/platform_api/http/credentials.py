"""Extracts credentials from request headers; `auth` verifies them."""

import base64

from starlette.datastructures import Headers

KEY_PREFIX = "dk_"


def credential_of(headers: Headers) -> str | None:
    """Return the JWT or the whole API key in the headers.

    StableQueue clients send a key as `X-API-Key` and `X-API-Secret`, or as base64 of `key:secret` in the bearer token.
    The secret is the last part of the key; the key is sent whole or without it.
    """
    key = headers.get("x-api-key")
    if key:
        return _whole(key, headers.get("x-api-secret"))
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        return None
    return _unpacked(token) or token


def _whole(key: str, secret: str | None) -> str:
    return key if not secret or key.endswith(f"_{secret}") else f"{key}_{secret}"


def _unpacked(token: str) -> str | None:
    if "." in token or token.startswith(KEY_PREFIX):
        return None
    try:
        key, _, secret = base64.b64decode(token, validate=True).decode().partition(":")
    except ValueError:  # also binascii.Error, and what b64decode raises for text that is not ASCII
        return None
    return _whole(key, secret)
