"""What routes need, put together by `wiring` and found on the app."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol, cast

from darkroom_chassis.connection_limit import ConnectionLimit
from darkroom_chassis.jwks import TokenVerifier
from darkroom_chassis.tokens import JwtCodec
from darkroom_queue import Waiting
from darkroom_schemas.ids import StepId, TenantId
from darkroom_schemas.step import StepView
from darkroom_schemas.worker import Capabilities
from fastapi import Depends, Request

from platform_api.domain.accounts.accounts import Accounts
from platform_api.domain.accounts.api_keys import ApiKeys
from platform_api.domain.accounts.credits import Credits
from platform_api.domain.accounts.sessions import LoginThrottle, PasswordHasher, Passwords, Sessions
from platform_api.domain.assets.ports import AssetReads, AssetRemoval, Objects
from platform_api.domain.assets.signed_urls import UrlSigner
from platform_api.domain.capacity import TypeCapacity
from platform_api.domain.clock import Clock
from platform_api.domain.idempotency import Idempotency
from platform_api.domain.jobs.ports import Backlog, JobReads, JobsTransaction, JobSubmissions
from platform_api.domain.library.ports import Library
from platform_api.domain.planning.checkpoints import UnknownCheckpoint
from platform_api.domain.servers import ServerList
from platform_api.domain.streams.subscription import JobSubscriptions, Replay
from platform_api.domain.streams.user_stream import UserReplay, UserSubscriptions
from platform_api.domain.verified_write import VerifiedWrite
from platform_api.http.limits import Limits
from platform_api.http.session_cookie import CookiePolicy


class WaitingSteps(Protocol):
    """Asks the queue why a step waits; None if it does not. Raises `RedisUnavailable`, at the latest after a time."""

    async def why_waiting(self, step_id: StepId, within_s: float = ...) -> Waiting | None: ...


class Capacity(Protocol):
    """Tells what can be done now by job type, as known a moment ago; None while Redis does not answer."""

    async def by_type(self) -> Mapping[str, TypeCapacity] | None: ...


class SocketTickets(Protocol):
    """Makes tickets that open a WebSocket of queue-api once, for one tenant's events or, with None, everybody's."""

    async def make(self, tenant: TenantId | None, *, until_ms: int | None = None) -> str: ...


class Feed(JobSubscriptions, UserSubscriptions, Protocol):
    """Gives live news of a job, and of everything that is a user's."""


class Replays(Replay, UserReplay, Protocol):
    """Gives what happened in the past, likewise."""


class Fleet(Protocol):
    """Tells what the live workers offer, as known a moment ago."""

    async def live(self) -> Sequence[Capabilities]: ...


class RunningSteps(Protocol):
    """Asks the queue about one step; raises `RedisUnavailable`."""

    async def read(self, step_id: StepId) -> StepView | None: ...


@dataclass(frozen=True, slots=True)
class Logins:
    """What logging in needs."""

    sessions: Sessions
    passwords: Passwords
    hasher: PasswordHasher
    throttle: LoginThrottle


@dataclass(frozen=True, slots=True)
class Context:
    """The ports and settings behind the routes."""

    accounts: Accounts
    api_keys: ApiKeys
    limits: Limits
    submissions: JobSubmissions
    jobs: JobReads
    assets: AssetReads
    jobs_transaction: JobsTransaction
    idempotency: Idempotency
    verified_write: VerifiedWrite
    credits: Credits
    library: Library
    backlog: Backlog
    steps: RunningSteps
    waiting: WaitingSteps
    capacity: Capacity
    feed: Feed
    replay: Replays
    fleet: Fleet
    servers: ServerList
    objects: Objects
    asset_removal: AssetRemoval
    wake_object_deletion: Callable[[], None]
    urls: UrlSigner
    tokens: JwtCodec
    tickets: SocketTickets
    verifier: TokenVerifier
    logins: Logins
    cookies: CookiePolicy
    clock: Clock
    wake_relay: Callable[[], None]
    queue_max_depth: int
    keys_per_user: int
    unknown_checkpoint: UnknownCheckpoint
    sse_heartbeat_s: float
    streams: ConnectionLimit


async def context_of(request: Request) -> Context:
    # A coroutine, since FastAPI would run a plain function in a thread.
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(context_of)]
