"""The dependencies of routes, assembled by `wiring` and stored in the app's state."""

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
from standardwebhooks import Webhook

from platform_api.domain.accounts.accounts import Accounts
from platform_api.domain.accounts.api_keys import ApiKeys
from platform_api.domain.accounts.credits import Credits
from platform_api.domain.accounts.personal_data import UserDeletion, UserRecords
from platform_api.domain.accounts.sessions import LoginThrottle, PasswordHasher, Passwords, Sessions
from platform_api.domain.accounts.user_admin import UserAdmin
from platform_api.domain.assets.archive import Archives
from platform_api.domain.assets.marks import AssetMarks
from platform_api.domain.assets.ports import AssetReads, AssetRemoval, Objects
from platform_api.domain.assets.signed_urls import UrlSigner
from platform_api.domain.assets.upload import AnnouncedObjects, ImageInspector, UploadObjects
from platform_api.domain.capacity import TypeCapacity
from platform_api.domain.clock import Clock
from platform_api.domain.idempotency import Idempotency
from platform_api.domain.jobs.ports import Backlog, JobReads, JobsTransaction, JobSubmissions
from platform_api.domain.library.ports import Library
from platform_api.domain.library.presets import Presets
from platform_api.domain.planning.checkpoints import UnknownCheckpoint
from platform_api.domain.planning.inputs import AssetFiles
from platform_api.domain.servers import ServerList
from platform_api.domain.streams.replay import Replay, UserReplay
from platform_api.domain.streams.subscription import JobSubscriptions
from platform_api.domain.streams.user_stream import UserSubscriptions
from platform_api.domain.verified_write import VerifiedWrite
from platform_api.http.limits import Limits
from platform_api.http.session_cookie import CookiePolicy


class WaitingSteps(Protocol):
    """Asks the queue why a step waits; None if it does not wait. Raises `RedisUnavailable` after `within_s` seconds."""

    async def why_waiting(self, step_id: StepId, within_s: float = ...) -> Waiting | None: ...


class Capacity(Protocol):
    """Returns the capacity by job type, at most a few seconds old; None while Redis does not answer."""

    async def by_type(self) -> Mapping[str, TypeCapacity] | None: ...


class SocketTickets(Protocol):
    """Issues single-use tickets for a WebSocket of queue-api, for the events of one tenant, or of all with None."""

    async def make(self, tenant: TenantId | None, *, until_ms: int | None = None) -> str: ...


class OperatorTickets(Protocol):
    """Issues tickets with which an operator's browser calls queue-api."""

    async def make_operator_ticket(self) -> str: ...


class Subscriptions(JobSubscriptions, UserSubscriptions, Protocol):
    """Live events of a job, and of all jobs of a user."""


class Replays(Replay, UserReplay, Protocol):
    """Past events of a job, and of all jobs of a user."""


class Fleet(Protocol):
    """Returns the capabilities of the live workers, at most a few seconds old."""

    async def live(self) -> Sequence[Capabilities]: ...


class RunningSteps(Protocol):
    """Reads the state of steps from the queue; raises `RedisUnavailable`."""

    async def read(self, step_id: StepId) -> StepView | None: ...

    async def read_many(self, step_ids: Sequence[StepId]) -> list[StepView | None]: ...


@dataclass(frozen=True, slots=True)
class Logins:
    """The dependencies of logins."""

    sessions: Sessions
    passwords: Passwords
    hasher: PasswordHasher
    throttle: LoginThrottle


@dataclass(frozen=True, slots=True)
class JobContext:
    """What routes use of jobs, in PostgreSQL and in the queue."""

    submissions: JobSubmissions
    reads: JobReads
    transaction: JobsTransaction
    verified_write: VerifiedWrite
    backlog: Backlog
    steps: RunningSteps
    waiting: WaitingSteps
    capacity: Capacity
    fleet: Fleet
    wake_relay: Callable[[], None]
    max_depth: int


@dataclass(frozen=True, slots=True)
class AccountContext:
    """What routes use of users, their credentials, limits and credits."""

    users: Accounts
    admin: UserAdmin
    api_keys: ApiKeys
    keys_per_user: int
    credits: Credits
    records: UserRecords
    deletion: UserDeletion
    limits: Limits
    logins: Logins
    cookies: CookiePolicy
    tokens: JwtCodec
    sign_in_tokens: JwtCodec
    verifier: TokenVerifier


@dataclass(frozen=True, slots=True)
class AssetContext:
    """What routes use of assets and their bytes."""

    reads: AssetReads
    objects: Objects
    files: AssetFiles
    removal: AssetRemoval
    marks: AssetMarks
    wake_deletion: Callable[[], None]
    inspector: ImageInspector
    announced: AnnouncedObjects
    upload_objects: UploadObjects
    uploads_per_user: int
    archives: Archives
    archive_max_bytes: int


@dataclass(frozen=True, slots=True)
class StreamContext:
    """What routes use of event streams. `places` limits the streams of a user."""

    subscriptions: Subscriptions
    replay: Replays
    tickets: SocketTickets
    operator_tickets: OperatorTickets
    heartbeat_s: float
    places: ConnectionLimit


@dataclass(frozen=True, slots=True)
class Context:
    """The ports and settings that routes use, by noun."""

    jobs: JobContext
    accounts: AccountContext
    assets: AssetContext
    streams: StreamContext
    library: Library
    presets: Presets
    servers: ServerList
    unknown_checkpoint: UnknownCheckpoint
    queue_webhooks: Webhook | None
    idempotency: Idempotency
    urls: UrlSigner
    clock: Clock


async def context_of(request: Request) -> Context:
    # A coroutine: FastAPI would run a plain function in a thread.
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(context_of)]
