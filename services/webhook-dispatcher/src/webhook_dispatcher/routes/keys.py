"""`/.well-known/jwks.json`: the public keys of ed25519 signatures."""

import base64

from fastapi import APIRouter, Response
from pydantic import BaseModel

from webhook_dispatcher.context import Ctx

router = APIRouter(tags=["webhooks"])
CACHED_S = 300


class PublicKey(BaseModel):
    """An ed25519 key (RFC 8037). `whpk` is the same key in the form of Standard Webhooks."""

    kty: str = "OKP"
    crv: str = "Ed25519"
    alg: str = "EdDSA"
    use: str = "sig"
    kid: str
    x: str
    whpk: str


class PublicKeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517), the newest key first."""

    keys: list[PublicKey]


@router.get("/.well-known/jwks.json", summary="Read the public keys of signatures")
async def read_public_keys(context: Ctx, response: Response) -> PublicKeySet:
    """Return the keys that verify `v1a` signatures. No credential is required."""
    response.headers["Cache-Control"] = f"public, max-age={CACHED_S}"
    return PublicKeySet(
        keys=[
            PublicKey(
                kid=kid,
                x=base64.urlsafe_b64encode(public).rstrip(b"=").decode(),
                whpk="whpk_" + base64.b64encode(public).decode(),
            )
            for kid, public in await context.keys.public_keys()
        ]
    )
