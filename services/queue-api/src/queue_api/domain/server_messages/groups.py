"""Messages of the sockets of job groups. Times of children are ISO 8601."""

from typing import Literal

from pydantic import ConfigDict

from queue_api.domain.server_messages.base import EXAMPLE_EVENT, Part, ServerMessage, example_of

GroupStatusName = Literal["pending", "running", "partial_complete", "completed", "failed", "cancelled"]
ChildStatusName = Literal["queued", "running", "completed", "failed", "cancelled"]
_GROUP, _CHILD = "jg_0c5f2a", {"job_id": "jg_0c5f2a:1:00", "backend_id": "localhost_8188"}
_EVENT = {"event_id": EXAMPLE_EVENT}
_AT = "2026-11-28T03:00:00.000Z"
_OUTPUTS = {
    "images": [
        {
            "filename": "00.png", "url": None, "subfolder": "", "type": "output", "mime_type": "image/png",
            "size_bytes": 20_480, "sha256": "0" * 64,
        }
    ]
}  # fmt: skip


class OutputFile(Part):
    """A stored file. `url` is a signed link, or null."""

    filename: str
    url: str | None
    subfolder: str
    type: Literal["output"]
    mime_type: str
    size_bytes: int
    sha256: str


class Outputs(Part):
    """Outputs in ComfyUI's form: lists of files by kind, and `text`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    images: list[OutputFile]
    text: list[str] | None = None


class ChildState(Part):
    """A child."""

    job_id: str
    backend_id: str | None
    seed: int
    status: ChildStatusName
    progress: float
    current_step: str | None
    outputs: Outputs | None
    error_message: str | None
    error_type: str | None
    worker_id: str | None
    queued_at: str | None
    started_at: str | None
    completed_at: str | None


class InitialState(ServerMessage):
    """First message, and again when events may be missing."""

    model_config = example_of(
        "initial_state", job_group_id=_GROUP, status="running", **_EVENT,
        child_jobs=[
            {
                **_CHILD, "seed": 42, "status": "queued", "progress": 0.0, "current_step": None, "outputs": None,
                "error_message": None, "error_type": None, "worker_id": None, "queued_at": _AT, "started_at": None,
                "completed_at": None,
            }
        ],
    )  # fmt: skip

    type: Literal["initial_state"]
    job_group_id: str
    status: GroupStatusName
    child_jobs: list[ChildState]
    event_id: str | None = None
    """The position after which events follow; not when the state comes again."""


class _OfChild(ServerMessage):
    job_id: str
    backend_id: str | None


class ChildProgress(_OfChild):
    """Live progress of a child."""

    model_config = example_of(
        "child_progress", **_CHILD, progress=65.0, current_step="KSampler", steps_completed=13, steps_total=20
    )

    type: Literal["child_progress"]
    progress: float
    current_step: str | None
    steps_completed: int | None
    steps_total: int | None


class ChildCompleted(_OfChild):
    """A child has completed."""

    model_config = example_of("child_completed", **_CHILD, **_EVENT, seed=42, outputs=_OUTPUTS, completed_at=_AT)

    type: Literal["child_completed"]
    event_id: str
    seed: int
    outputs: Outputs
    completed_at: str


class ChildFailed(_OfChild):
    """A child has failed."""

    model_config = example_of(
        "child_failed", **_CHILD, **_EVENT, error="CUDA out of memory", error_type="ComfyUIError", failed_at=_AT
    )

    type: Literal["child_failed"]
    event_id: str
    error: str
    error_type: str
    failed_at: str


class ChildTimeout(_OfChild):
    """A child exceeded its time."""

    model_config = example_of("child_timeout", **_CHILD, **_EVENT, timeout_seconds=300.0, timed_out_at=_AT)

    type: Literal["child_timeout"]
    event_id: str
    timeout_seconds: float
    timed_out_at: str


class ChildCancelled(_OfChild):
    """A child was cancelled."""

    model_config = example_of("child_cancelled", **_CHILD, **_EVENT, reason="the group was cancelled", cancelled_at=_AT)

    type: Literal["child_cancelled"]
    event_id: str
    reason: str | None
    cancelled_at: str


class ChildResult(Part):
    """How a child ended."""

    job_id: str
    status: ChildStatusName
    outputs: Outputs | None = None
    error: str | None = None


class GroupComplete(ServerMessage):
    """All children have ended; comes again to those who connect later."""

    model_config = example_of(
        "group_complete", job_group_id=_GROUP, status="completed", total=1, succeeded=1, failed=0, cancelled=0,
        results=[{"job_id": "jg_0c5f2a:1:00", "status": "completed", "outputs": _OUTPUTS}],
    )  # fmt: skip

    type: Literal["group_complete"]
    job_group_id: str
    status: GroupStatusName
    total: int
    succeeded: int
    failed: int
    cancelled: int
    results: list[ChildResult]


GROUPS: tuple[type[ServerMessage], ...] = (
    InitialState, ChildProgress, ChildCompleted, ChildFailed, ChildTimeout, ChildCancelled, GroupComplete,
)  # fmt: skip
