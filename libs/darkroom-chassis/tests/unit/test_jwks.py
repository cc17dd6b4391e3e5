"""Tokens of an identity provider: pinned algorithm, keys by id, rotation without a restart."""

import base64
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from darkroom_chassis.errors import AppError, Unauthenticated
from darkroom_chassis.jwks import FileKeys, JwksAlgorithm, JwksVerifier, TokenVerifier, keys_at
from darkroom_chassis.tokens import JwtCodec
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import UserId

OWN = JwtCodec("s" * 32, "darkroom", "darkroom")
USER = UserId("019aa7f0-0d7b-7d7a-8a5e-6a2f2a4d3b10")
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


class KeyFile:
    """A JWKS file that its issuer writes."""

    def __init__(self, path: Path) -> None:
        self.path, self._writes = path, 0

    def write(self, **keys: Any) -> None:
        algorithms: dict[type, type[jwt.algorithms.RSAAlgorithm | jwt.algorithms.ECAlgorithm]] = {
            rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
            ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
        }
        published = []
        for kid, key in keys.items():
            algorithm = next(a for kind, a in algorithms.items() if isinstance(key, kind))
            published.append(json.loads(algorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"})
        self.path.write_text(json.dumps({"keys": published}))
        self._writes += 1
        os.utime(self.path, ns=(self._writes, self._writes))


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    file = KeyFile(tmp_path / "jwks.json")
    file.write(first=RSA_KEY)
    return file


def verifier(key_file: KeyFile, algorithm: JwksAlgorithm = JwksAlgorithm.RS256) -> TokenVerifier:
    return TokenVerifier(OWN, JwksVerifier(FileKeys(key_file.path), algorithm, "https://login.example", "darkroom-ui"))


def token(key: Any = RSA_KEY, kid: str | None = "first", algorithm: str = "RS256", **changed: Any) -> str:
    claims = {"sub": USER, "iss": "https://login.example", "aud": "darkroom-ui", "exp": time.time() + 60} | changed
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


async def test_a_token_of_the_provider_and_one_of_our_own_both_verify(key_file: KeyFile) -> None:
    both = verifier(key_file)
    assert (await both.verify(token())).user_id == USER
    assert (await both.verify(OWN.issue(UserId("u1"), ttl_s=60))).user_id == "u1"


async def test_an_elliptic_key_verifies_where_it_is_pinned(key_file: KeyFile) -> None:
    key_file.write(curve=EC_KEY, first=RSA_KEY)
    curve = token(EC_KEY, "curve", "ES256")
    assert (await verifier(key_file, JwksAlgorithm.ES256).verify(curve)).user_id == USER
    with pytest.raises(Unauthenticated):
        await verifier(key_file, JwksAlgorithm.RS256).verify(curve)


@pytest.mark.parametrize(
    "changed",
    [{"iss": "https://else.example"}, {"aud": "else"}, {"sub": None}, {"exp": 1}, {"kid": "other"}, {"kid": None}],
    ids=str,
)
async def test_a_token_that_differs_in_one_point_is_refused(key_file: KeyFile, changed: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        await verifier(key_file).verify(token(**changed))


async def test_an_expired_token_says_so(key_file: KeyFile) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await verifier(key_file).verify(token(exp=1))
    assert caught.value.code is ErrorCode.TOKEN_EXPIRED


async def test_a_public_key_is_no_secret_to_sign_with(key_file: KeyFile) -> None:
    pem = RSA_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed, _, _ = token().rpartition(".")
    _, _, claims = signed.partition(".")
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').rstrip(b"=").decode()
    digest = hmac.digest(pem, f"{header}.{claims}".encode(), "sha256")
    forged = f"{header}.{claims}." + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    with pytest.raises(Unauthenticated):
        await verifier(key_file).verify(forged)


async def test_a_rotated_key_is_known_without_a_restart_and_the_old_one_no_longer(key_file: KeyFile) -> None:
    both = verifier(key_file)
    await both.verify(token())
    fresh = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_file.write(second=fresh)
    assert (await both.verify(token(fresh, "second"))).user_id == USER
    with pytest.raises(Unauthenticated):
        await both.verify(token())


async def test_keys_that_cannot_be_read_are_a_503_and_no_refusal(tmp_path: Path) -> None:
    for source in (str(tmp_path / "missing.json"), "http://127.0.0.1:9/jwks.json"):
        provider = JwksVerifier(keys_at(source), JwksAlgorithm.RS256, "https://login.example", "darkroom-ui")
        with pytest.raises(AppError) as caught:
            await TokenVerifier(OWN, provider).verify(token())
        assert caught.value.status == 503
