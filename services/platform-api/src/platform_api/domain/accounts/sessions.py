"""Browser sessions: a random token in a cookie, kept here only as a hash, and the logins that open them."""

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
    """A login of one browser. One that was opened with an API key ends with the key."""

    token_hash: bytes
    user_id: UserId
    key_id: str | None
    expires_at: datetime


class Sessions(Protocol):
    """Keeps sessions."""

    async def add(self, session: Session) -> None: ...

    async def find(self, token_hash: bytes, now: datetime) -> Session | None:
        """Return a session that has neither ended nor been ended."""
        ...

    async def remove(self, token_hash: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """Whose it is, and its slow hash."""

    user_id: UserId
    password_hash: str


class Passwords(Protocol):
    """Keeps the hashes of passwords."""

    async def of_name(self, name: str) -> StoredPassword | None: ...

    async def set(self, user_id: UserId, password_hash: str) -> None:
        """Replace a user's password and end all of the user's sessions."""
        ...


class PasswordHasher(Protocol):
    """Makes and checks slow hashes."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Compare; without a hash take just as long and say no."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt to log in, and how many seconds to wait where there were too many; 0 where there were not.

    `name_wait_s` is about attempts in this name, `address_wait_s` about all names from this address.
    """

    name_wait_s: float = 0.0
    address_wait_s: float = 0.0


class LoginThrottle(Protocol):
    """Counts attempts to log in, over all replicas."""

    async def attempt(self, name: str, address: str) -> Attempt:
        """Count an attempt before it is judged."""
        ...

    async def succeeded(self, name: str, address: str) -> None:
        """Forget the attempts that led to a login."""
        ...


async def log_in(
    name: str, password: str, address: str, *, passwords: Passwords, hasher: PasswordHasher, throttle: LoginThrottle
) -> UserId:
    """Return whose name and password these are; raises `WrongLogin` or `TooManyLogins`.

    Too many attempts in a name refuse that name. Too many from an address refuse wrong passwords only: others may share
    the address, and nobody must be able to keep them out by inventing names.
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
    """Begin a session; returns the token, which is not kept, and what is."""
    token = secrets.token_urlsafe(32)
    session = Session(hash_of(token), user_id, key_id, now + lifetime)
    await sessions.add(session)
    return token, session


def hash_of(token: str) -> bytes:
    """Return what is kept of a token; its 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


async def set_password(user_id: UserId, password: str, *, passwords: Passwords, hasher: PasswordHasher) -> None:
    """Give a user a new password; raises `InvalidParameter`."""
    check_password(password)
    await passwords.set(user_id, await hasher.hash(password))


def check_password(password: str) -> None:
    """Raise `InvalidParameter` unless the password may be set."""
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        bounds = f"{MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS}"
        raise InvalidParameter("password", f"must have {bounds} characters")
