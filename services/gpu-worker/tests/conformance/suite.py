"""What the conformance suite knows of a connector: how to script its peer, and what to ask of it.

To add a connector, write its peer as `<name>_peer.py`, describe it with a `Subject`, and list that in `subjects.py`.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import JobId, step_id
from gpu_worker.backends.entry import BackendEntry, BackendType
from gpu_worker.connectors.attempt import Storage
from gpu_worker.connectors.build import build_backend
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Backend
from gpu_worker.loops.object_deletions import ObjectDeletions
from support.fake_run import FakeRun

CREDENTIAL = "suite"
"""Name of the credential that the connector has; its secret is `SECRET`."""
SECRET = "right-secret"
STOP_S = 8.0
"""How long a stopped attempt may take at most; the queue ends it by force after 10 s."""


class Peer(Protocol):
    """A server that speaks the connector's protocol as its documentation and captures say. Runs in the test's process.

    `scripted_server.ScriptedServer` implements what all peers share.
    """

    url: str
    began: asyncio.Event
    """Set when work of the connector runs."""

    @property
    def own_work(self) -> int:
        """Number of pieces of the connector's work that wait or run."""

    @property
    def foreign_work(self) -> int:
        """Number of pieces of other clients' work that wait or run."""

    async def start(self) -> None:
        """Listen, always on the same port."""

    async def kill(self) -> None:
        """Break all connections, refuse others, and forget all work."""

    def hold(self) -> None:
        """From now on, work runs until `release`."""

    def release(self) -> None: ...

    def occupy(self) -> None:
        """Add work of another client that runs until the end of the test; other work waits for it."""

    def hang(self) -> None:
        """From now on, keep connections open and answer nothing."""

    def require(self, secret: str) -> None:
        """From now on, refuse requests without this secret."""

    def send_endless_outputs(self) -> None:
        """From now on, the bytes of an output do not end."""


@dataclass(frozen=True)
class Subject:
    """A connector under test."""

    type: BackendType
    make_peer: Callable[[], Peer]
    job_type: str
    job: Mapping[str, Any]
    """Payload of a job that the peer completes."""
    outputs: tuple[str, ...] = ()
    """MIME types of its outputs, in order; empty if its result is a text."""
    bad_job: Mapping[str, Any] = field(default_factory=dict)
    """Payload that is the user's mistake; empty if the peer checks nothing."""
    bad_code: StepErrorCode = StepErrorCode.INVALID_PAYLOAD
    bad_words: tuple[str, ...] = ()
    """What the failure's message must name."""
    models: tuple[str, ...] = ()
    """What the peer offers."""
    username: str | None = None
    """If the credential is a password."""
    build: Callable[[BackendEntry, Tools], Backend] = build_backend
    name: str = ""
    """Distinguishes it from other subjects of the same job type."""
    entry: Mapping[str, Any] = field(default_factory=dict)
    """More fields of the back end's entry."""
    has_server: bool = True
    """Whether the back end is one server. If not, it is always ready, and `{peer}` in texts of the job is the URL."""
    repeatable: bool = True
    """Whether work that was lost with its server may be done again; not if that could charge the operator twice."""
    queues: bool = False
    """Whether the peer has a queue, in which other clients' work may be ahead."""
    previews: bool = False


def id_of(subject: Subject) -> str:
    """Return the name of a subject in the names of tests."""
    return f"{subject.type}:{subject.job_type}{subject.name}"


@dataclass
class Bench:
    """A connector, its peer, and the folders in which attempts could leave something behind."""

    subject: Subject
    peer: Peer
    backend: Backend
    storage: Storage
    deletions: ObjectDeletions
    objects: Path
    spool: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def run(self, job: Mapping[str, Any] | None = None) -> FakeRun:
        """Return an attempt of the subject's job, or of another one, as a step of its own."""
        payload = {
            name: value.replace("{peer}", self.peer.url) if isinstance(value, str) else value
            for name, value in (self.subject.job if job is None else job).items()
        }
        run = FakeRun(self.subject.job_type, payload, 1)
        run.step.id = step_id(JobId(f"job-{next(self._numbers)}"), 1, 0)
        return run

    async def leftovers(self) -> list[str]:
        """Return the files in the object store and the spool folder, after all deletions."""
        await self.deletions.settle()
        return [path.name for folder in (self.objects, self.spool) for path in folder.rglob("*") if path.is_file()]
