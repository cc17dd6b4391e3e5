"""Browser sessions: a random token in a cookie, stored only as a hash, and the logins that create them."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from darkroom_schemas.ids import UserId

from platform_api.domain.errors import InvalidParameter, TooManyLogins, WrongLogin

MIN_PASSWORD_CHARACTERS, MAX_PASSWORD_CHARACTERS = 10, 1024


@dataclass(frozen=True, slots=True)
class Session:
    """A login of one browser. A session opened with an API key ends when the key does."""

    token_hash: bytes
    user_id: UserId
    key_id: str | None
    expires_at: datetime
    created_at: datetime | None = None
    """Set when the session is read."""


class Sessions(Protocol):
    """Stores sessions."""

    async def add(self, session: Session) -> None: ...

    async def find(self, token_hash: bytes, now: datetime) -> Session | None:
        """Return a session that has neither expired nor been ended."""
        ...

    async def remove(self, token_hash: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """A user and the slow hash of their password."""

    user_id: UserId
    password_hash: str


class Passwords(Protocol):
    """Stores the hashes of passwords."""

    async def of_name(self, name: str) -> StoredPassword | None: ...

    async def set(self, user_id: UserId, password_hash: str) -> None:
        """Replace a user's password and end all of the user's sessions."""
        ...


class PasswordHasher(Protocol):
    """Computes and verifies slow hashes."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Verify a password. Without a hash, return False after the same computing time."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted login attempt. Waits are in seconds, 0 if no limit was reached.

    `name_wait_s` applies to attempts for this name, `address_wait_s` to all names from this address.
    """

    name_wait_s: float = 0.0
    address_wait_s: float = 0.0


class LoginThrottle(Protocol):
    """Counts login attempts, shared by all replicas."""

    async def attempt(self, name: str, address: str) -> Attempt:
        """Count an attempt, before its password is verified."""
        ...

    async def succeeded(self, name: str, address: str) -> None:
        """Delete the counted attempts that led to a successful login."""
        ...


async def log_in(
    name: str, password: str, address: str, *, passwords: Passwords, hasher: PasswordHasher, throttle: LoginThrottle
) -> UserId:
    """Verify a name and a password and return the user; raises `WrongLogin` or `TooManyLogins`.

    Too many attempts for a name reject that name. Too many attempts from an address reject only wrong passwords: others
    may share the address, and an attacker must not be able to lock them out by trying invented names.
    """
    attempt = await throttle.attempt(name, address)
    if attempt.name_wait_s:
        raise TooManyLogins(attempt.name_wait_s)
    stored = await passwords.of_name(name)
    if not await hasher.matches(password, stored.password_hash if stored else None) or stored is None:
        raise TooManyLogins(attempt.address_wait_s) if attempt.address_wait_s else WrongLogin
    await throttle.succeeded(name, address)
    return stored.user_id


async def open_session(
    user_id: UserId, key_id: str | None, *, sessions: Sessions, now: datetime, lifetime: timedelta
) -> tuple[str, Session]:
    """Open a session. Returns the token, which is not stored, and the stored session."""
    token = secrets.token_urlsafe(32)
    session = Session(hash_of(token), user_id, key_id, now + lifetime)
    await sessions.add(session)
    return token, session


def hash_of(token: str) -> bytes:
    """Return the stored hash of a token. The token has 256 random bits and needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


async def set_password(user_id: UserId, password: str, *, passwords: Passwords, hasher: PasswordHasher) -> None:
    """Set a user's password and end all of the user's sessions; raises `InvalidParameter`."""
    check_password(password)
    await passwords.set(user_id, await hasher.hash(password))


def check_password(password: str) -> None:
    """Raise `InvalidParameter` unless the password has an allowed length."""
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        bounds = f"{MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS}"
        raise InvalidParameter("password", f"must have {bounds} characters")
