"""Secrets at rest: Fernet (AES-128-CBC with HMAC) under keys derived from SECRETS_KEY and SECRETS_KEYS_OLD."""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class FernetBox:
    """Implements `SecretBox`: encrypts under `secrets_key`, and decrypts also what `old_keys` encrypted."""

    def __init__(self, secrets_key: str, old_keys: Sequence[str] = ()) -> None:
        self._fernet = MultiFernet([_fernet(key) for key in (secrets_key, *old_keys)])

    def seal(self, secret: str) -> bytes:
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str | None:
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            return None


def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"darkroom webhook secrets").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
