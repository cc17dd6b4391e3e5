"""Secrets at rest: Fernet (AES-128-CBC with HMAC) under a key derived from SECRETS_KEY."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class FernetBox:
    """Implements `SecretBox`."""

    def __init__(self, secrets_key: str) -> None:
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"darkroom webhook secrets").derive(
            secrets_key.encode()
        )
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, secret: str) -> bytes:
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str | None:
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            return None
